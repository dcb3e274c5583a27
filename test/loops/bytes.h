// What is sent in tests.
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace framepipe::test {

inline std::string pattern(size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::minstd_rand random(seed);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// As a peer sends it that is not framepipe: with the header of framing.lengthPrefix().
inline std::string framed(std::string_view payload) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(payload.size() >> shift);
  return bytes.append(payload);
}

}  // namespace framepipe::test
