#include "win32/client_identity.h"

#include <sddl.h>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "impersonation/fail_fast.h"
#include "win32/thread_token.h"
#include "win32/unique_handle.h"
#include "win32/wide_string.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {

Failure cannot(DWORD error, const char* hint) {
  return {"ERR_PIPE_CANNOT_IMPERSONATE", "impersonate", static_cast<int32_t>(error), hint, {}};
}

Failure cannotTake(DWORD error) {
  switch (error) {
    case ERROR_CANNOT_IMPERSONATE:
      return cannot(error, "the client's identity comes with what it sends: read something from this client first");
    case ERROR_CANT_OPEN_ANONYMOUS:
      return cannot(error, "the client connected with { impersonation: 'anonymous' }: nobody may know who it is");
    case ERROR_PRIVILEGE_NOT_HELD:
      return cannot(error, "this process lacks the right \"Impersonate a client after authentication\"");
    default:
      return cannot(error, nullptr);
  }
}

// Why Windows gave a token that only tells who the client is.
const char* whyNotEnough(bool may_impersonate) {
  return may_impersonate
             ? "the client offers to be identified only: let it connect with { impersonation: 'impersonation' }"
             : "Windows lets this server identify the client, not act as it: either the client does not connect with "
               "{ impersonation: 'impersonation' }, or this process needs the right \"Impersonate a client after "
               "authentication\" (SeImpersonatePrivilege), which services and administrators have";
}

bool holdsImpersonatePrivilege() {
  UniqueHandle token;
  PRIVILEGE_SET wanted{1, PRIVILEGE_SET_ALL_NECESSARY, {}};
  wanted.Privilege[0].Attributes = SE_PRIVILEGE_ENABLED;
  BOOL held = FALSE;
  return OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, token.out()) &&
         LookupPrivilegeValueW(nullptr, L"SeImpersonatePrivilege", &wanted.Privilege[0].Luid) &&
         PrivilegeCheck(token.get(), &wanted, &held) && held;
}

// The thread is itself again, or with `token` whom it acted as, or the process ends here: Microsoft's word is to shut down.
void becomeSelf(HANDLE token = nullptr) {
  if (!SetThreadToken(nullptr, token)) failFast("a thread cannot become itself again after acting as a client");
}

bool suffices(HANDLE token) {
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
  DWORD length = 0;
  return GetTokenInformation(token, TokenImpersonationLevel, &level, sizeof level, &length) &&
         level >= SecurityImpersonation;
}

// The client's token. The calling thread is the client for a moment, and then whoever it was: that may be another client.
DWORD clientToken(HANDLE pipe, DWORD access, UniqueHandle& token) {
  UniqueHandle before;
  const DWORD acting = threadToken(TOKEN_IMPERSONATE, before);
  if (acting != ERROR_SUCCESS && acting != ERROR_NO_TOKEN) return acting;
  if (!ImpersonateNamedPipeClient(pipe)) return GetLastError();
  const DWORD error = threadToken(access, token);
  becomeSelf(before.get());
  return error;
}

struct TokenUserInformation {
  TOKEN_USER user;
  uint8_t sid[SECURITY_MAX_SID_SIZE];
};

std::string sidText(PSID sid) {
  UniqueLocal<wchar_t*> text;
  return ConvertSidToStringSidW(sid, text.out()) ? narrow(text.get()) : std::string();
}

// Empty if it is nobody's to us, as an anonymous client's is.
std::string sidOf(HANDLE token) {
  TokenUserInformation information;
  DWORD length = 0;
  if (!GetTokenInformation(token, TokenUser, &information, sizeof information, &length)) return {};
  return sidText(information.user.User.Sid);
}

using Token = std::shared_ptr<const UniqueHandle>;

class ClientIdentity final : public Identity {
 public:
  explicit ClientIdentity(Token token) : token_(std::move(token)), account_(sidOf(token_->get())) {}

  Failure assume() noexcept override {
    return SetThreadToken(nullptr, token_->get()) ? Failure{} : cannotTake(GetLastError());
  }

  void revert() noexcept override { becomeSelf(); }

  const std::string& account() const noexcept override { return account_; }

  Outcome<User> user() noexcept override;

 private:
  const Token token_;
  const std::string account_;
};

// Whatever the token tells of this kind: in units of 8 bytes, which is how such facts are aligned.
std::vector<uint64_t> factsOf(HANDLE token, TOKEN_INFORMATION_CLASS kind) {
  DWORD size = 0;
  GetTokenInformation(token, kind, nullptr, 0, &size);
  std::vector<uint64_t> facts((size + 7) / 8);
  if (!GetTokenInformation(token, kind, facts.data(), size, &size)) facts.clear();
  return facts;
}

std::vector<std::string> groupsOf(HANDLE token) {
  std::vector<std::string> sids;
  const auto facts = factsOf(token, TokenGroups);
  if (facts.empty()) return sids;
  const auto* groups = reinterpret_cast<const TOKEN_GROUPS*>(facts.data());
  for (const SID_AND_ATTRIBUTES& group : std::span(groups->Groups, groups->GroupCount))
    if (group.Attributes & SE_GROUP_ENABLED) sids.push_back(sidText(group.Sid));
  return sids;
}

std::optional<bool> isElevated(HANDLE token) {
  TOKEN_ELEVATION elevation{};
  DWORD length = 0;
  if (!GetTokenInformation(token, TokenElevation, &elevation, sizeof elevation, &length)) return std::nullopt;
  return elevation.TokenIsElevated != 0;
}

const char* integrityOf(HANDLE token) {
  const auto facts = factsOf(token, TokenIntegrityLevel);
  if (facts.empty()) return nullptr;
  const PSID label = reinterpret_cast<const TOKEN_MANDATORY_LABEL*>(facts.data())->Label.Sid;
  const DWORD level = *GetSidSubAuthority(label, *GetSidSubAuthorityCount(label) - 1u);
  if (level < SECURITY_MANDATORY_LOW_RID) return "untrusted";
  if (level < SECURITY_MANDATORY_MEDIUM_RID) return "low";
  if (level < SECURITY_MANDATORY_HIGH_RID) return "medium";
  return level < SECURITY_MANDATORY_SYSTEM_RID ? "high" : "system";
}

Outcome<User> ClientIdentity::user() noexcept {
  TokenUserInformation information;
  DWORD length = 0;
  if (!GetTokenInformation(token_->get(), TokenUser, &information, sizeof information, &length))
    return win32Failure(GetLastError(), "peerUser");
  const PSID sid = information.user.User.Sid;
  User user;
  user.sid = sidText(sid);
  user.group_sids = groupsOf(token_->get());
  user.elevated = isElevated(token_->get());
  user.integrity = integrityOf(token_->get());
  wchar_t name[257], domain[257];  // UNLEN, DNLEN and more
  DWORD name_length = 257, domain_length = 257;
  SID_NAME_USE use;
  if (LookupAccountSidW(nullptr, sid, name, &name_length, domain, &domain_length, &use)) {
    user.name = narrow({name, name_length});
    user.domain = narrow({domain, domain_length});
  } else {
    user.name = user.sid;  // an account that is gone, or that no domain controller can be asked about
  }
  return user;
}

// Whether Windows lets a thread of this process act with the token: it may quietly take it for identification only.
Failure tryToAct(Identity& identity) {
  if (const Failure failure = identity.assume()) return failure;
  UniqueHandle acting;
  const DWORD error = threadToken(TOKEN_QUERY, acting);
  identity.revert();
  if (error) return cannotTake(error);
  return suffices(acting.get()) ? Failure{}
                                : cannot(ERROR_BAD_IMPERSONATION_LEVEL, whyNotEnough(holdsImpersonatePrivilege()));
}

constexpr DWORD kToAct = TOKEN_QUERY | TOKEN_IMPERSONATE | TOKEN_DUPLICATE;

Outcome<std::shared_ptr<Identity>> identityOf(Token token, bool to_act) {
  if (to_act && !suffices(token->get()))
    return cannot(ERROR_BAD_IMPERSONATION_LEVEL, whyNotEnough(holdsImpersonatePrivilege()));
  auto identity = std::make_shared<ClientIdentity>(std::move(token));
  if (to_act) {
    if (const Failure failure = tryToAct(*identity)) return failure;
  }
  return std::shared_ptr<Identity>(std::move(identity));
}

class FormerClient final : public Client {
 public:
  FormerClient(Token token, DWORD error) : token_(std::move(token)), error_(error) {}

  Outcome<std::shared_ptr<Identity>> identity(bool to_act) override {
    if (error_) return cannotTake(error_);
    return identityOf(token_, to_act);
  }

 private:
  const Token token_;
  const DWORD error_;  // why there is none
};

}  // namespace

Outcome<std::shared_ptr<Identity>> takeClientIdentity(HANDLE pipe, bool to_act) {
  UniqueHandle token;
  if (const DWORD error = clientToken(pipe, kToAct, token)) return cannotTake(error);
  return identityOf(std::make_shared<const UniqueHandle>(std::move(token)), to_act);
}

std::shared_ptr<Client> keepClient(HANDLE pipe) {
  UniqueHandle token;
  const DWORD error = clientToken(pipe, kToAct, token);
  return std::make_shared<FormerClient>(std::make_shared<const UniqueHandle>(std::move(token)), error);
}

std::string clientSid(HANDLE pipe) {
  UniqueHandle token;
  return clientToken(pipe, TOKEN_QUERY, token) ? std::string() : sidOf(token.get());
}

}  // namespace framepipe::win32
