// Numbers as JavaScript gives them. JS thread only.
#pragma once
#include <napi.h>

#include <cmath>

#include "core/handle_table.h"

namespace framepipe {

// A number that names an object or a request; 0, which names nothing, for whatever else is given.
inline Id idAt(const Napi::CallbackInfo& info, size_t index) {
  double number = 0;
  if (napi_get_value_double(info.Env(), info[index], &number) != napi_ok) return 0;
  constexpr double kLast = 9007199254740991;  // 2^53 − 1
  return number >= 1 && number <= kLast && number == std::floor(number) ? static_cast<Id>(number) : 0;
}

inline uint32_t numberAt(const Napi::CallbackInfo& info, size_t index) {
  return info[index].IsNumber() ? info[index].As<Napi::Number>().Uint32Value() : 0;
}

}  // namespace framepipe
