#include "binding/constants.h"

#include "binding/delivery.h"
#include "binding/impersonation_binding.h"
#include "binding/loop_binding.h"
#include "binding/names.h"
#include "binding/outbox.h"
#include "codec/delimiters.h"
#include "codec/framings.h"

namespace framepipe {

namespace {

// By name the number of each value.
template <class Enum>
Napi::Object numbersOf(Napi::Env env) {
  Napi::Object numbers = Napi::Object::New(env);
  eachValue<Enum>([&](Enum value, const char* name) { numbers.Set(name, static_cast<double>(value)); });
  numbers.Freeze();
  return numbers;
}

// Of an enumeration whose numbers JavaScript does not see.
template <class Enum>
Napi::Array namesOf(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env);
  eachValue<Enum>([&](Enum, const char* name) { names.Set(names.Length(), name); });
  names.Freeze();
  return names;
}

// By name the fields that each has beside maxFrameLength.
Napi::Object fieldsOfFramings(Napi::Env env) {
  Napi::Object all = Napi::Object::New(env);
  for (const NamedFraming& framing : framings()) {
    Napi::Array names = Napi::Array::New(env);
    for (const FramingField& field : framing.codec.fields) names.Set(names.Length(), field.name);
    names.Freeze();
    all.Set(framing.name, names);
  }
  all.Freeze();
  return all;
}

}  // namespace

void exportConstants(Napi::Env env, Napi::Object exports) {
  Napi::Object constants = Napi::Object::New(env);
  constants.Set("principals", numbersOf<Principal::Kind>(env));
  constants.Set("integrities", numbersOf<Integrity>(env));
  constants.Set("directions", numbersOf<Direction>(env));
  constants.Set("levels", numbersOf<ImpersonationLevel>(env));
  constants.Set("eventKinds", numbersOf<Event::Kind>(env));
  constants.Set("framings", fieldsOfFramings(env));
  constants.Set("fileOperations", namesOf<FileOperation::Kind>(env));
  const auto set = [&](const char* name, double number) { constants.Set(name, number); };
  set("recursive", kRecursive);
  set("force", kForce);
  set("greatestFrame", kMaxFrameLength);
  set("longestDelimiter", Delimiter::kMaxSize);
  set("mostDelimiters", Delimiters::kMost);
  set("slotBits", HandleTable<Connection>::kSlotBits);
  set("descriptionLength", kDescriptionLength);
  set("eventLength", Delivery::kNumbers);
  set("slab", Delivery::kSlab);
  set("framesHead", Delivery::kHead);
  set("outboxCount", Outbox::kCount);
  set("outboxFirst", Outbox::kFirst);
  set("outboxEntry", Outbox::kEntry);
  constants.Freeze();
  exports.Set("constants", constants);
}

}  // namespace framepipe
