// Values to and from JavaScript, as far as the witness needs them. JS thread only.
#pragma once
#include <node_api.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace witness {

class Call {
 public:
  Call(napi_env env, napi_callback_info info) : env(env), count_(8) {
    napi_get_cb_info(env, info, &count_, arguments_, /*this_arg=*/nullptr, /*data=*/nullptr);
  }

  napi_value operator[](size_t index) const { return arguments_[index]; }

  double number(size_t index) const {
    double value = 0;
    napi_get_value_double(env, arguments_[index], &value);
    return value;
  }

  std::span<uint8_t> bytes(size_t index) const {
    void* data = nullptr;
    size_t length = 0;
    napi_get_buffer_info(env, arguments_[index], &data, &length);
    return {static_cast<uint8_t*>(data), length};
  }

  std::wstring text(size_t index) const { return unitsOf(arguments_[index]); }

  std::vector<std::wstring> texts(size_t index) const {
    uint32_t length = 0;
    napi_get_array_length(env, arguments_[index], &length);
    std::vector<std::wstring> all;
    for (uint32_t i = 0; i < length; ++i) {
      napi_value element;
      napi_get_element(env, arguments_[index], i, &element);
      all.push_back(unitsOf(element));
    }
    return all;
  }

  napi_value of(double value) const {
    napi_value result;
    napi_create_double(env, value, &result);
    return result;
  }

  napi_value of(const std::wstring& value) const {
    napi_value result;
    napi_create_string_utf16(env, reinterpret_cast<const char16_t*>(value.data()), value.size(), &result);
    return result;
  }

  const napi_env env;

 private:
  std::wstring unitsOf(napi_value value) const {
    size_t length = 0;
    if (napi_get_value_string_utf16(env, value, nullptr, 0, &length) != napi_ok) return {};
    std::u16string units(length + 1, u'\0');
    napi_get_value_string_utf16(env, value, units.data(), units.size(), &length);
    return std::wstring(units.begin(), units.begin() + static_cast<std::ptrdiff_t>(length));
  }

  size_t count_;
  napi_value arguments_[8];
};

}  // namespace witness
