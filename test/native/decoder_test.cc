// What decoders find in a stream, wherever it is cut. The cases of tokio's LengthDelimitedCodec and of Netty's
// LengthFieldBasedFrameDecoder are among them.
#include <algorithm>

#include "check.h"
#include "streams.h"

namespace framepipe {
namespace {

using namespace std::string_literals;

struct Case {
  const char* name;
  Framing framing;
  std::string wire;
  std::vector<std::string> frames;
  const char* code = nullptr;
  uint64_t position = 0;
};

constexpr const char* kTooLarge = "ERR_FRAME_TOO_LARGE";
constexpr const char* kTruncated = "ERR_FRAME_TRUNCATED";
constexpr const char* kInvalid = "ERR_FRAME_INVALID";

template <class Change>
Framing with(Framing framing, Change change) {
  change(framing);
  return framing;
}

Framing limited(Framing framing, uint32_t limit) {
  framing.max_frame_length = limit;
  return framing;
}

Framing adjusted(Framing framing, int32_t adjustment, uint8_t offset = 0) {
  framing.adjustment = adjustment;
  framing.offset = offset;
  return framing;
}

std::vector<Case> lengthPrefixCases() {
  const Framing little = lengthPrefix(), big2 = lengthPrefix(2, true), byte = lengthPrefix(1);
  const Framing kept = with(adjusted(big2, 0, 1), [](Framing& f) { f.keep_header = true; });
  const Framing utf16 = with(big2, [](Framing& f) { f.unit = 2; });
  const std::string ff8(8, '\xff');
  return {
      {"an empty stream", little, "", {}},
      {"one frame", little, "\3\0\0\0abc"s, {"abc"}},
      {"three frames", little, "\3\0\0\0abc\0\0\0\0\1\0\0\0d"s, {"abc", "", "d"}},
      {"1 byte", byte, "\3abc\1d"s, {"abc", "d"}},
      {"1 byte, greatest", byte, "\xff" + std::string(255, 'x'), {std::string(255, 'x')}},
      {"2 bytes, little", lengthPrefix(2), "\2\0ab"s, {"ab"}},
      {"2 bytes, big", big2, "\0\2ab"s, {"ab"}},
      {"3 bytes, little", lengthPrefix(3), "\0\1\0"s + std::string(256, 'x'), {std::string(256, 'x')}},
      {"3 bytes, big", lengthPrefix(3, true), "\0\1\0"s + std::string(256, 'x'), {std::string(256, 'x')}},
      {"4 bytes, big", lengthPrefix(4, true), "\0\0\0\3abc"s, {"abc"}},
      {"8 bytes, little", lengthPrefix(8), "\3\0\0\0\0\0\0\0abc"s, {"abc"}},
      {"8 bytes, big", lengthPrefix(8, true), "\0\0\0\0\0\0\0\3abc"s, {"abc"}},
      {"bytes before the length are dropped", adjusted(big2, 0, 2), "xy\0\2abxy\0\1c"s, {"ab", "c"}},
      {"the header is kept", kept, "x\0\2aby\0\0"s, {"x\0\2ab"s, "y\0\0"s}},
      {"the length counts itself", adjusted(big2, -2), "\0\5abc\0\2"s, {"abc", ""}},
      {"the length counts a header of 4", adjusted(big2, -4, 2), "xy\0\7abc"s, {"abc"}},
      {"more follows than the length says", adjusted(big2, 2), "\0\1abc\0\0de"s, {"abc", "de"}},
      {"the adjustment makes it negative", adjusted(big2, -2), "\0\3a\0\1bcd"s, {"a"}, kInvalid, 3},
      {"the least adjustment", adjusted(little, INT32_MIN), "\0\0\0\x80\1\0\0\x80z"s, {"", "z"}},
      {"less than the least adjustment", adjusted(little, INT32_MIN), "\xff\xff\xff\x7f"s, {}, kInvalid, 0},
      {"the limit itself", limited(byte, 3), "\3abc"s, {"abc"}},
      {"one more than the limit", limited(byte, 3), "\1a\4abcd"s, {"a"}, kTooLarge, 2},
      {"the limit is for the adjusted length",
       limited(adjusted(byte, -5), 3),
       "\x08"
       "abc\x09"s,
       {"abc"},
       kTooLarge,
       4},
      {"the limit leaves out the header", limited(kept, 2), "x\0\2abx\0\3abc"s, {"x\0\2ab"s}, kTooLarge, 5},
      {"an adjustment as large as the limit", limited(adjusted(byte, 3), 3), "\0abc\1"s, {"abc"}, kTooLarge, 4},
      {"2^32 - 1 bytes", little, "\xff\xff\xff\xff", {}, kTooLarge, 0},
      {"2^63 bytes", lengthPrefix(8, true), "\x80" + std::string(7, '\0'), {}, kTooLarge, 0},
      {"2^64 - 1 bytes", lengthPrefix(8), ff8, {}, kTooLarge, 0},
      {"2^64 - 1 bytes and more", adjusted(lengthPrefix(8), 5), ff8, {}, kTooLarge, 0},
      {"2^64 - 1 bytes less some", adjusted(lengthPrefix(8), INT32_MIN), ff8, {}, kTooLarge, 0},
      {"2^32 + 1 does not wrap around", lengthPrefix(8), "\1\0\0\0\1\0\0\0a"s, {}, kTooLarge, 0},
      {"an end within the header", little, "\1\0\0\0a\3\0"s, {"a"}, kTruncated, 5},
      {"an end after the header", little, "\3\0\0\0"s, {}, kTruncated, 0},
      {"an end within the payload", little, "\1\0\0\0a\3\0\0\0ab"s, {"a"}, kTruncated, 5},
      {"UTF-16", utf16, "\0\4a\0b\0\0\0"s, {"a\0b\0"s, ""}},
      {"half a unit of UTF-16", utf16, "\0\2a\0\0\3abc"s, {"a\0"s}, kInvalid, 4},
  };
}

std::vector<Case> varintCases() {
  const Framing framing = varint();
  const std::string x300(300, 'x');
  return {
      {"an empty stream", framing, "", {}},
      {"one byte of length", framing, "\3abc\0\1d"s, {"abc", "", "d"}},
      {"127 and 128",
       framing,
       "\x7f" + x300.substr(0, 127) + "\x80\1" + x300.substr(0, 128),
       {x300.substr(0, 127), x300.substr(0, 128)}},
      {"two bytes of length", framing, "\xac\2" + x300, {x300}},
      {"a longer way to say 3", framing, "\x83\x80\x80\0abc"s, {"abc"}},
      {"the longest way to say 3", framing, "\x83\x80\x80\x80\x80\x80\x80\x80\x80\0abc"s, {"abc"}},
      {"11 bytes of length", framing, "\1a" + std::string(11, '\x80'), {"a"}, kInvalid, 2},
      {"65 bits of length", framing, std::string(9, '\xff') + "\2", {}, kInvalid, 0},
      {"2^64 - 1 bytes", framing, std::string(9, '\xff') + "\1", {}, kTooLarge, 0},
      {"2^32 bytes", framing, "\x80\x80\x80\x80\x10", {}, kTooLarge, 0},
      {"one more than the limit", limited(framing, 299), "\1a\xac\2", {"a"}, kTooLarge, 2},
      {"the limit itself", limited(framing, 300), "\xac\2" + x300, {x300}},
      {"an end within the length", framing, "\1a\xac", {"a"}, kTruncated, 2},
      {"an end within the payload", framing, "\3ab", {}, kTruncated, 0},
  };
}

std::vector<Case> delimitedCases() {
  const Framing nul = delimited("\0"s), crlf = delimited("\r\n"), aab = delimited("aab");
  return {
      {"an empty stream", nul, "", {}},
      {"one byte", nul, "ab\0\0c\0"s, {"ab", "", "c"}},
      {"two bytes", crlf, "ab\r\n\r\nc\rd\ne\r\n", {"ab", "", "c\rd\ne"}},
      {"it begins again within itself", aab, "aaabxaabaab", {"a", "x", ""}},
      {"the first one counts", delimited("aa"), "aaaabaa", {"", "", "b"}},
      {"an almost delimiter before it", delimited("ababac"), "abababacababac", {"ab", ""}},
      {"no delimiter at the end", crlf, "a\r\nbc\r", {"a"}, kTruncated, 3},
      {"the limit itself", limited(crlf, 2), "ab\r\n", {"ab"}},
      {"one more than the limit", limited(crlf, 2), "a\r\nabc\r\n", {"a"}, kTooLarge, 3},
      {"the limit, and no delimiter", limited(crlf, 2), "abc", {}, kTooLarge, 0},
      {"the limit, and half a delimiter", limited(crlf, 2), "ab\r", {}, kTruncated, 0},
      {"lines", lines(), "ab\nc\r\n\n\r\nd\re\n", {"ab", "c", "", "", "d\re"}},
      {"a CR is taken off once", lines(), "a\r\r\n", {"a\r"}},
      {"the limit leaves out the CR", limited(lines(), 2), "ab\r\nab\n", {"ab", "ab"}},
      {"the limit, and a CR that stays", limited(lines(), 2), "ab\rc", {}, kTooLarge, 0},
      {"a long delimiter", delimited(std::string(255, 'a') + "b"), std::string(300, 'a') + "b", {std::string(45, 'a')}},
  };
}

std::vector<Case> manyDelimitersCases() {
  const Framing ends = delimited("\n", {"\r\n", "\r\r"}), inner = delimited("bx", {"abcd"});
  return {
      {"an empty stream", ends, "", {}},
      {"whichever comes", ends, "a\nb\r\nc\r\rd\n", {"a", "b", "c", "d"}},
      {"of two that end together, the longer one", ends, "a\r\n\r\n\n", {"a", "", ""}},
      {"one that has begun is no end", ends, "a\rb\n", {"a\rb"}},
      {"one within what another began as", inner, "xabxabcd", {"xa", ""}},
      {"a search begins anew behind an end", delimited("ab", {"ba"}), "xabab", {"x", ""}},
      {"they begin alike", delimited("aab", {"aac"}), "aaabaaacx", {"a", "a"}, kTruncated, 8},
      {"no end", ends, "a\nb\r", {"a"}, kTruncated, 2},
      {"the limit itself", limited(ends, 2), "ab\r\nab\n", {"ab", "ab"}},
      {"one more than the limit", limited(ends, 2), "a\nabc\n", {"a"}, kTooLarge, 2},
      {"the limit, and half an end", limited(ends, 2), "ab\r", {}, kTruncated, 0},
      {"the limit, and half an end that is none", limited(ends, 2), "ab\rc", {}, kTooLarge, 0},
  };
}

std::vector<Case> lastFrameCases() {
  return {
      {"an empty stream", linesToTheEnd(), "", {}},
      {"an end behind the last line", linesToTheEnd(), "a\nb\n", {"a", "b"}},
      {"no end behind the last line", linesToTheEnd(), "a\nbc", {"a", "bc"}},
      {"half an end", linesToTheEnd(), "a\r\nb\r", {"a", "b"}},
      {"a CR alone", linesToTheEnd(), "\r", {""}},
      {"the limit itself", limited(linesToTheEnd(), 2), "a\nbc", {"a", "bc"}},
      {"one more than the limit", limited(linesToTheEnd(), 2), "a\nbcd", {"a"}, kTooLarge, 2},
      {"half a delimiter is above the limit",
       with(limited(delimited("xyz"), 2), [](Framing& f) { f.last_frame = true; }),
       "abxy",
       {},
       kTruncated,
       0},
  };
}

std::vector<Case> contentLengthCases() {
  const Framing framing = contentLength();
  const std::string long_header = "X: " + std::string(8192 - 26, 'x') + "\r\nContent-Length: 1\r\n\r\n";
  return {
      {"an empty stream", framing, "", {}},
      {"two frames", framing, "Content-Length: 3\r\n\r\nabcContent-Length: 0\r\n\r\n", {"abc", ""}},
      {"other lines",
       framing,
       "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\nab"
       "Content-Length: 1\r\nX:\r\n\r\nc",
       {"ab", "c"}},
      {"letters and spaces", framing, "CONTENT-length:\t 2 \r\n\r\nab", {"ab"}},
      {"lines that end in LF only", framing, "Content-Length: 2\n\nab", {"ab"}},
      {"no length", framing, "Content-Length: 1\r\n\r\naX: 1\r\n\r\n", {"a"}, kInvalid, 22},
      {"an empty header", framing, "\r\nContent-Length: 1\r\n\r\na", {}, kInvalid, 0},
      {"two lengths", framing, "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", {}, kInvalid, 0},
      {"a line that is none", framing, "Content-Length 1\r\n\r\na", {}, kInvalid, 0},
      {"a length that is none", framing, "Content-Length: 1x\r\n\r\na", {}, kInvalid, 0},
      {"an empty length", framing, "Content-Length:\r\n\r\na", {}, kInvalid, 0},
      {"a negative length", framing, "Content-Length: -1\r\n\r\na", {}, kInvalid, 0},
      {"one more than the limit", limited(framing, 3), "Content-Length: 4\r\n\r\nabcd", {}, kTooLarge, 0},
      {"2^64 bytes", framing, "Content-Length: 18446744073709551616\r\n\r\n", {}, kTooLarge, 0},
      {"more than any number", framing, "Content-Length: " + std::string(400, '9') + "\r\n\r\n", {}, kTooLarge, 0},
      {"zeros before it", framing, "Content-Length: 0000000000000000000000000000000002\r\n\r\nab", {"ab"}},
      {"a header of 8 KiB", framing, long_header + "a", {"a"}},
      {"a header of more", framing, "X" + long_header + "a", {}, kInvalid, 0},
      {"a header that never ends", framing, std::string(9000, 'x'), {}, kInvalid, 0},
      {"lines that never end",
       framing,
       [] {
         std::string lines;
         while (lines.size() < 9000) lines += "X: 1\r\n";
         return lines;
       }(),
       {},
       kInvalid,
       0},
      {"an end within the header", framing, "Content-Length: 3\r\n", {}, kTruncated, 0},
      {"an end within the payload",
       framing,
       "Content-Length: 1\r\n\r\naContent-Length: 3\r\n\r\nab",
       {"a"},
       kTruncated,
       22},
  };
}

std::vector<Case> fixedCases() {
  return {
      {"an empty stream", fixed(3), "", {}},
      {"two frames", fixed(3), "abc\0\0\0"s, {"abc", "\0\0\0"s}},
      {"one byte each", fixed(1), "ab", {"a", "b"}},
      {"an end within a frame", fixed(3), "abcd", {"abc"}, kTruncated, 3},
  };
}

std::vector<Case> netstringCases() {
  const Framing framing = netstring();
  return {
      {"an empty stream", framing, "", {}},
      {"three frames", framing, "3:abc,0:,12:hello world!,", {"abc", "", "hello world!"}},
      {"commas and colons", framing, "4:,:,:,1:1,", {",:,:", "1"}},
      {"no length", framing, "1:a,:b,", {"a"}, kInvalid, 4},
      {"a length that is none", framing, "1x:a,", {}, kInvalid, 0},
      {"a negative length", framing, "-1:a,", {}, kInvalid, 0},
      {"a zero before the length", framing, "1:a,01:b,", {"a"}, kInvalid, 4},
      {"two zeros", framing, "00:,", {}, kInvalid, 0},
      {"no comma", framing, "1:a,1:bc", {"a"}, kInvalid, 4},
      {"the limit itself", limited(framing, 3), "3:abc,", {"abc"}},
      {"one more than the limit", limited(framing, 3), "1:a,4:", {"a"}, kTooLarge, 4},
      {"2^64 bytes", framing, "18446744073709551616:", {}, kTooLarge, 0},
      {"21 digits", framing, "111111111111111111111:", {}, kInvalid, 0},
      {"an end within the length", framing, "1:a,1", {"a"}, kTruncated, 4},
      {"an end within the payload", framing, "3:ab", {}, kTruncated, 0},
      {"an end before the comma", framing, "3:abc", {}, kTruncated, 0},
  };
}

Decoded expected(const Case& test) {
  Decoded decoded{.frames = test.frames, .error = {}};
  if (test.code)
    decoded.error = {.code = test.code, .reason = "", .declared = 0, .limit = 0, .position = test.position};
  return decoded;
}

// All at once, cut at each place, cut at each two places while that is few, and byte by byte.
void checkCase(Checks& check, const char* kind, const Case& test) {
  const std::string name = kind + ": "s + test.name;
  const Decoded wanted = expected(test);
  if (const char* fault = faultOf(test.framing)) check.that(false, name + ": " + fault);
  check.equal(decode(test.framing, test.wire), wanted, name);
  const size_t size = test.wire.size();
  const bool few = size <= 64;
  bool same = true;
  for (size_t i = 1; same && i < size; ++i) {
    same = check.equal(decode(test.framing, test.wire, {i}), wanted, name + ", cut at " + std::to_string(i));
    for (size_t j = i + 1; few && same && j < size; ++j)
      same = check.equal(decode(test.framing, test.wire, {i, j}), wanted,
                         name + ", cut at " + std::to_string(i) + " and " + std::to_string(j));
  }
  std::vector<size_t> every;
  for (size_t i = 1; i < size; ++i) every.push_back(i);
  check.equal(decode(test.framing, test.wire, every), wanted, name + ", byte by byte");
}

void checkRaw(Checks& check) {
  Stream stream(raw());
  stream.push(bytesOf("abc"));
  stream.push(bytesOf(""));
  stream.push(bytesOf("d"));
  check.equal(stream.end(), Decoded{.frames = {"abc", "d"}, .error = {}}, "raw: chunks as they come");
  check.equal(decode(limited(raw(), 2), "abcde"), Decoded{.frames = {"ab", "cd", "e"}, .error = {}},
              "raw: no chunk above the limit");
  Framing custom = limited(raw(), 2);
  custom.kind = FramingKind::Custom;
  check.equal(decode(custom, "abcde"), Decoded{.frames = {"abcde"}, .error = {}}, "custom: the limit is JavaScript's");
  check.that(makeDecoder(message()) == nullptr, "message: there is nothing to decode");
}

// A frame's whole size is known as soon as its header is complete.
void checkWanted(Checks& check) {
  const auto wanted = [](const Framing& framing, const std::string& wire) {
    Stream stream(framing);
    stream.push(bytesOf(wire));
    return stream.scan.wanted;
  };
  check.equal(wanted(lengthPrefix(), "\3\0\0"s), 0u, "wanted: no header yet");
  check.equal(wanted(lengthPrefix(), "\3\0\0\0"s), 7u, "wanted: the header");
  check.equal(wanted(lengthPrefix(), "\1\0\0\0a\3\0\0\0b"s), 7u, "wanted: the second frame");
  check.equal(wanted(lengthPrefix(), "\1\0\0\0a"s), 0u, "wanted: between frames");
  check.equal(wanted(adjusted(lengthPrefix(2, true), -4, 2), "xy\0\7a"s), 7u, "wanted: adjusted");
  check.equal(wanted(varint(), "\xac\2x"), 302u, "wanted: varint");
  check.equal(wanted(contentLength(), "Content-Length: 3\r\n\r\n"), 24u, "wanted: Content-Length");
  check.equal(wanted(fixed(9), "abc"), 9u, "wanted: fixed");
  check.equal(wanted(netstring(), "3:a"), 6u, "wanted: a netstring");
  check.equal(wanted(lines(), "abc"), 0u, "wanted: lines");
}

void checkErrors(Checks& check) {
  Stream stream(limited(lengthPrefix(), 9));
  stream.push(bytesOf("\1\0\0\0a\x0a\0\0\0"s));
  const FrameError error = stream.decoded.error;
  check.equal(error.declared, 10u, "errors: what was declared");
  check.equal(error.limit, 9u, "errors: what is allowed");
  check.equal(error.position, 5u, "errors: where the frame begins");
  std::vector<Boundary> frames;
  const Decoder::Scan again = stream.decoder().scan(bytesOf("\1\0\0\0b"s), frames);
  check.that(again.error && frames.empty() && again.consumed == 0, "errors: nothing is decoded after one");
  check.equal(stream.decoder().end({}, frames).position, 5u, "errors: the end says so again");

  const auto truncated = [](const Framing& framing, const std::string& wire) { return decode(framing, wire).error; };
  const FrameError payload = truncated(lengthPrefix(), "\5\0\0\0ab"s);
  check.equal(payload.declared, 5u, "truncated: what was declared");
  check.equal(payload.limit, 2u, "truncated: what had arrived");
  const FrameError header = truncated(lengthPrefix(), "\5\0"s);
  check.equal(header.declared, 0u, "truncated in the header: nothing was declared");
  check.equal(header.limit, 0u, "truncated in the header: nothing had arrived");
  check.equal(truncated(contentLength(), "Content-Length: 5\r\n\r\nabc").limit, 3u, "truncated: behind the header");
  check.equal(truncated(varint(), "\5abcd").limit, 4u, "truncated: behind the varint");
  check.equal(truncated(netstring(), "5:abc").declared, 5u, "truncated: without the comma");
  check.equal(truncated(netstring(), "5:abc").limit, 3u, "truncated: behind the colon");
  check.equal(truncated(lines(), "abc").limit, 3u, "truncated: a line");
}

// Frames of all framings, encoded and decoded again, cut at random.
void checkRoundTrips(Checks& check) {
  const Framing kinds[] = {lengthPrefix(),  lengthPrefix(2, true),
                           lengthPrefix(3), lengthPrefix(8, true),
                           varint(),        delimited("--end"),
                           lines(),         contentLength(),
                           linesToTheEnd(), delimited("--end", {"\r\n", "x"}),
                           netstring(),     adjusted(lengthPrefix(4), -7, 3)};
  Random random(7);
  for (const Framing& framing : kinds) {
    Decoded wanted;
    std::string wire;
    for (int i = 0; i < 300; ++i) {
      std::string frame(random.below(random.below(10) == 0 ? 3000 : 40), 'x');
      for (char& c : frame) c = static_cast<char>('A' + random.below(26));
      wire += encoded(framing, frame);
      wanted.frames.push_back(frame);
    }
    for (int round = 0; round < 20; ++round) {
      std::vector<size_t> cuts;
      for (uint32_t at = 0; at < wire.size(); at += 1 + random.below(round < 10 ? 200 : 4000)) cuts.push_back(at);
      check.equal(decode(framing, wire, cuts), wanted, "a round trip, kind " + std::to_string(int(framing.kind)));
    }
  }
}

// A quadratic decoder would take hours for these.
void checkLinear(Checks& check) {
  constexpr size_t kSize = 2u << 20;
  const auto feed = [&](const Framing& framing, const std::string& wire, size_t step) {
    const auto decoder = makeDecoder(framing);
    std::vector<Boundary> frames;
    size_t consumed = 0;
    for (size_t size = step; size <= wire.size() && consumed == 0; size += step)
      consumed = decoder->scan(bytesOf(wire).first(size), frames).consumed;
    return frames.size();
  };
  check.equal(feed(delimited("\n"), std::string(kSize, 'x') + "\n", 1), 1u, "linear: a line, byte by byte");
  check.equal(feed(delimited(std::string(200, 'a') + "b"), std::string(kSize, 'a') + "b", 1), 1u,
              "linear: almost the delimiter, all the time");
  check.equal(feed(delimited("\r\n"), std::string(kSize, '\r') + "\r\n", 2), 1u,
              "linear: half a delimiter, all the time");
  check.equal(feed(delimited(std::string(200, 'a') + "b", {"b", "aac"}), std::string(kSize, 'a') + "b", 1), 1u,
              "linear: almost one of several, all the time");
}

}  // namespace
}  // namespace framepipe

int main() {
  using namespace framepipe;
  Checks check;
  for (const Case& test : lengthPrefixCases()) checkCase(check, "lengthPrefix", test);
  for (const Case& test : varintCases()) checkCase(check, "varint", test);
  for (const Case& test : delimitedCases()) checkCase(check, "delimited", test);
  for (const Case& test : manyDelimitersCases()) checkCase(check, "delimiters", test);
  for (const Case& test : lastFrameCases()) checkCase(check, "last frame", test);
  for (const Case& test : contentLengthCases()) checkCase(check, "contentLength", test);
  for (const Case& test : fixedCases()) checkCase(check, "fixed", test);
  for (const Case& test : netstringCases()) checkCase(check, "netstring", test);
  checkRaw(check);
  checkWanted(check);
  checkErrors(check);
  checkRoundTrips(check);
  checkLinear(check);
  return check.report();
}
