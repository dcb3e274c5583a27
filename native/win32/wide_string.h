// UTF-8, as JavaScript's strings come and go, and what the Windows API takes. Any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace framepipe::win32 {

// Nothing when the bytes are not UTF-8.
std::optional<std::wstring> widen(std::string_view utf8);

std::string narrow(std::wstring_view text);

}  // namespace framepipe::win32
