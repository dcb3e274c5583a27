// What goes over the wire, byte for byte, and what is refused.
#include "check.h"
#include "streams.h"

namespace framepipe {
namespace {

using namespace std::string_literals;

constexpr const char* kTooLarge = "ERR_FRAME_TOO_LARGE";
constexpr const char* kInvalid = "ERR_FRAME_INVALID";

void checkBytes(Checks& check) {
  check.equal(encoded(raw(), "abc"), "abc", "raw");
  check.equal(encoded(message(), "abc"), "abc", "message");
  check.equal(encoded(lengthPrefix(), "abc"), "\3\0\0\0abc"s, "4 bytes, little");
  check.equal(encoded(lengthPrefix(4, true), "abc"), "\0\0\0\3abc"s, "4 bytes, big");
  check.equal(encoded(lengthPrefix(1), ""), "\0"s, "1 byte");
  check.equal(encoded(lengthPrefix(2, true), "abc"), "\0\3abc"s, "2 bytes, big");
  check.equal(encoded(lengthPrefix(3), "abc"), "\3\0\0abc"s, "3 bytes, little");
  check.equal(encoded(lengthPrefix(3, true), "abc"), "\0\0\3abc"s, "3 bytes, big");
  check.equal(encoded(lengthPrefix(8), "abc"), "\3\0\0\0\0\0\0\0abc"s, "8 bytes, little");
  check.equal(encoded(lengthPrefix(8, true), "abc"), "\0\0\0\0\0\0\0\3abc"s, "8 bytes, big");
  check.equal(encoded(varint(), "abc"), "\3abc", "varint");
  check.equal(encoded(varint(), std::string(300, 'x')), "\xac\2" + std::string(300, 'x'), "varint of two bytes");
  check.equal(encoded(lines(), "abc"), "abc\n", "lines");
  check.equal(encoded(contentLength(), "abc"), "Content-Length: 3\r\n\r\nabc", "Content-Length");
  check.equal(encoded(contentLength(), ""), "Content-Length: 0\r\n\r\n", "Content-Length of nothing");

  Framing header = lengthPrefix(2, true);
  header.offset = 3;
  check.equal(encoded(header, "abc"), "\0\0\0\0\3abc"s, "bytes before the length are zeros");
  header.keep_header = true;
  check.equal(encoded(header,
                      "xyz\x55\x55"
                      "abc"),
              "xyz\0\3abc"s, "the header is kept, the length filled in");
  check.equal(encoded(header, "xyz\0\0"s), "xyz\0\0"s, "nothing but a header");
  check.equal(encoded(header, "xyz\0"s), kInvalid, "less than a header");

  Framing adjusted = lengthPrefix(2, true);
  adjusted.adjustment = -2;
  check.equal(encoded(adjusted, "abc"), "\0\5abc"s, "the length counts itself");
  adjusted.adjustment = 2;
  check.equal(encoded(adjusted, "abc"), "\0\1abc"s, "the length leaves out two");
  check.equal(encoded(adjusted, "a"), kInvalid, "shorter than what it leaves out");
}

void checkLimits(Checks& check) {
  const std::string k64(65536, 'x'), k64_less_1(65535, 'x');
  check.equal(encoded(lengthPrefix(1), std::string(256, 'x')), kTooLarge, "256 in 1 byte");
  check.equal(encoded(lengthPrefix(1), std::string(255, 'x')).size(), 256u, "255 in 1 byte");
  check.equal(encoded(lengthPrefix(2), k64), kTooLarge, "65536 in 2 bytes");
  check.equal(encoded(lengthPrefix(2), k64_less_1).size(), 65537u, "65535 in 2 bytes");
  Framing adjusted = lengthPrefix(2);
  adjusted.adjustment = -2;
  check.equal(encoded(adjusted, k64_less_1), kTooLarge, "65535 and the field itself in 2 bytes");
  adjusted.adjustment = 1;
  check.equal(encoded(adjusted, k64).size(), 65538u, "65536 less 1 in 2 bytes");

  Framing utf16 = lengthPrefix(2, true);
  utf16.unit = 2;
  check.equal(encoded(utf16, "abc"), kInvalid, "half a unit of UTF-16");
  check.equal(encoded(utf16, k64_less_1.substr(1)).size(), 65536u, "32,767 units of UTF-16");
  check.equal(encoded(utf16, k64), kTooLarge, "32,768 units of UTF-16");

  for (Framing framing : {lengthPrefix(), varint(), lines(), contentLength(), message()}) {
    framing.max_frame_length = 3;
    const std::string kind = std::to_string(int(framing.kind));
    check.equal(encoded(framing, "abcd"), kTooLarge, "above the limit, kind " + kind);
    check.that(encoded(framing, "abc") != kTooLarge, "the limit, kind " + kind);
  }
  Framing chunks = raw();
  chunks.max_frame_length = 3;
  check.equal(encoded(chunks, "abcd"), "abcd", "raw: what is sent may have any length");

  Envelope envelope;
  Framing narrow = lengthPrefix(1);
  const FrameError error = encode(narrow, bytesOf(std::string(300, 'x')), envelope);
  check.equal(error.declared, 300u, "what was given");
  check.equal(error.limit, 255u, "what the field can say");
}

// Whatever is accepted comes out as it went in, and nothing else is there: all short frames over a small alphabet.
void checkDelimiters(Checks& check) {
  for (const char* delimiter : {"a", "aa", "ab", "ba", "aab", "aba", "abab", "bba"}) {
    const Framing framing = delimited(delimiter);
    for (unsigned length = 0; length <= 7; ++length) {
      for (unsigned bits = 0; bits < 1u << length; ++bits) {
        std::string frame;
        for (unsigned i = 0; i < length; ++i) frame += bits >> i & 1 ? 'b' : 'a';
        const std::string wire = encoded(framing, frame);
        const bool clear = (frame + delimiter).find(delimiter) == frame.size();
        check.equal(wire, clear ? frame + delimiter : kInvalid,
                    "delimited by " + std::string(delimiter) + ": " + frame);
        if (clear)
          check.equal(decode(framing, wire + wire), Decoded{.frames = {frame, frame}, .error = {}},
                      "delimited by " + std::string(delimiter) + ", there and back: " + frame);
      }
    }
  }
  const Framing ends = delimited("\n", {"\r\n", "end"});
  check.equal(encoded(ends, "ab"), "ab\n", "several delimiters: the first one is sent");
  check.equal(encoded(ends, "an end"), kInvalid, "a frame with another delimiter");
  check.equal(encoded(ends, "ab\r"), kInvalid, "a frame that would make another delimiter of the first");
  check.equal(encoded(delimited("\r\n", {"\n"}), "ab\r"), "ab\r\r\n", "one that would not");
  check.equal(encoded(delimited("dx", {"end"}), "ben"), kInvalid, "a delimiter that ends within the first");
  check.equal(encoded(lines(), "a\nb"), kInvalid, "a line with an LF");
  check.equal(encoded(lines(), "a\rb"), "a\rb\n", "a line with a CR");
  check.equal(encoded(lines(), "a\r"), kInvalid, "a line that ends in a CR would lose it");
}

void checkFaults(Checks& check) {
  const auto faulty = [&](const char* what, auto change, Framing framing = lengthPrefix()) {
    check.that(faultOf(framing) == nullptr, std::string(what) + ": good before");
    change(framing);
    check.that(faultOf(framing) != nullptr, what);
  };
  faulty("no frame allowed", [](Framing& f) { f.max_frame_length = 0; });
  faulty("more than 1 GiB", [](Framing& f) { f.max_frame_length = kMaxFrameLength + 1; });
  for (const uint8_t width : {0, 5, 6, 7, 9}) faulty("width", [&](Framing& f) { f.length_bytes = width; });
  faulty("unit", [](Framing& f) { f.unit = 0; });
  faulty("unit", [](Framing& f) { f.unit = 3; });
  faulty("no room below the adjustment", [](Framing& f) { f.adjustment = 17 << 20; });
  faulty("no delimiter", [](Framing& f) { f.delimiter = ""; }, lines());
  faulty("a delimiter of 257 bytes", [](Framing& f) { f.delimiter = std::string(257, 'x'); }, lines());
  faulty("a delimiter that is another's beginning", [](Framing& f) { f.more_delimiters = {"\n\r"}; }, lines());
  faulty("a delimiter that ends within another", [](Framing& f) { f.more_delimiters = {"x\ny"}; }, lines());
  faulty("a delimiter in which another ends", [](Framing& f) { f.more_delimiters = {"end", "n"}; }, lines());
  faulty("the same delimiter twice", [](Framing& f) { f.more_delimiters = {"x", "x"}; }, lines());
  faulty("one delimiter that is empty", [](Framing& f) { f.more_delimiters = {""}; }, lines());
  faulty(
      "17 delimiters",
      [](Framing& f) {
        for (char c = 'a'; c < 'a' + 16; ++c) f.more_delimiters.emplace_back(std::string(1, c));
      },
      lines());
  faulty("several delimiters of varints", [](Framing& f) { f.more_delimiters = {"x"}; }, varint());
  faulty("units of lines", [](Framing& f) { f.unit = 2; }, lines());
  faulty("lines with a header", [](Framing& f) { f.keep_header = true; }, lines());
  faulty("CR of varints", [](Framing& f) { f.trim_cr = true; }, varint());
  faulty("no bytes", [](Framing& f) { f.frame_bytes = 0; }, fixed(3));
  faulty("more than a frame may have", [](Framing& f) { f.frame_bytes = f.max_frame_length + 1; }, fixed(3));
  for (const Framing& framing : {raw(), message(), contentLength(), delimited(std::string(256, 'x'))})
    check.that(faultOf(framing) == nullptr, "a good framing");
}

}  // namespace
}  // namespace framepipe

int main() {
  Checks check;
  framepipe::checkBytes(check);
  framepipe::checkLimits(check);
  framepipe::checkDelimiters(check);
  framepipe::checkFaults(check);
  return check.report();
}
