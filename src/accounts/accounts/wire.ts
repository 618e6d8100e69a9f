import type { Config } from '../../config/config.ts'
import { choice, integer, optional, text } from '../../http/input.ts'
import { isoMoment } from '../../http/moment.ts'
import { boolean, described, listOf, mapOf, moment, object, orNull, record } from '../../http/output.ts'
import { type Caller, seesSecrets } from '../../nouns/caller.ts'
import type { Space } from '../../nouns/space.ts'
import { sipUri } from '../../protocols/sip-address.ts'
import { CarddavServerSchema, carddavServerWire } from '../../spaces/carddav-servers/carddav-servers.ts'
import { formatMoment } from '../confirmation-keys/confirmation-keys.ts'
import type { AccountView, ShownAccount } from '../directory/directory.ts'
import { ALGORITHMS } from '../passwords/rules.ts'
import { DTMF_PROTOCOLS } from './rules.ts'

const tokenExpiry = (account: ShownAccount, lifetimeMinutes: number | null): string | null =>
  account.provisioningTokenCreatedAt === null || lifetimeMinutes === null
    ? null
    : isoMoment(new Date(account.provisioningTokenCreatedAt.getTime() + lifetimeMinutes * 60_000))

/** A change that waits for its code; `reveal` opens the code, for administrators only. */
const pendingWire = (
  pending: AccountView['emailChange'] | AccountView['phoneChange'],
  reveal: ((sealed: string) => string) | null,
) => {
  if (pending === null) return null
  const { ip, userAgent, code } = pending
  return {
    ...('email' in pending ? { email: pending.email } : { phone: pending.phone }),
    ip,
    user_agent: userAgent,
    created_at: isoMoment(pending.createdAt),
    updated_at: isoMoment(pending.updatedAt),
    ...(reveal === null || code === null ? {} : { code: reveal(code) }),
  }
}

const pendingMembers = {
  ip: orNull(text()),
  user_agent: orNull(text()),
  created_at: moment(),
  updated_at: moment(),
  code: optional(described(text(), 'Only administrators see it.')),
}

export const AccountTypeSchema = record('AccountType', { id: integer(1), key: text() })
export const AccountActionSchema = record('AccountAction', { id: integer(1), key: text(), code: text() })

export const AccountSchema = record('Account', {
  id: integer(1),
  username: text(),
  domain: text(),
  sip_uri: text(),
  email: orNull(text()),
  phone: orNull(text()),
  display_name: orNull(text()),
  dtmf_protocol: orNull(choice(DTMF_PROTOCOLS)),
  activated: boolean(),
  blocked: boolean(),
  admin: boolean(),
  ip_address: orNull(text()),
  user_agent: orNull(text()),
  created_at: moment(),
  updated_at: moment(),
  realm: described(orNull(text()), 'null: the SIP domain.'),
  provisioning_token: orNull(text()),
  provisioning_token_expire_at: orNull(moment()),
  dictionary: mapOf(text()),
  email_change_code: described(
    orNull(object({ email: text(), ...pendingMembers })),
    'An address that waits for its code.',
  ),
  types: listOf(AccountTypeSchema),
  actions: listOf(AccountActionSchema),
  carddav_servers: listOf(CarddavServerSchema),
  passwords: optional(listOf(object({ algorithm: choice(ALGORITHMS) }))),
  phone_change_code: optional(
    described(orNull(object({ phone: text(), ...pendingMembers })), 'A number that waits for its code.'),
  ),
  confirmation_key: optional(described(text(), 'A pending key of activation; only administrators see it.')),
  creation_time: optional(described(text(), 'Of 2021, as the two that follow.')),
  email_changed: optional(orNull(object({ new_email: text(), created_at: text() }))),
  confirmation_key_expires: optional(orNull(text())),
})

export const InfoSchema = object({ activated: boolean(), realm: orNull(text()) })

/** What of an account is stored sealed and may be shown. */
interface Revealing {
  /** null: it cannot be shown again. */
  token(sealed: string | null): string | null
  /** null: no code is shown. */
  readonly code: ((sealed: string) => string) | null
}

const NOTHING: Revealing = { token: () => null, code: null }

/** An explicit list of what leaves (behaviour/accounts.md §1.1). */
const members = (account: ShownAccount, space: Space, config: Config, reveal: Revealing) => ({
  id: account.id,
  username: account.username,
  domain: account.domain,
  sip_uri: sipUri(account.username, account.domain),
  email: account.email,
  phone: account.phone,
  display_name: account.displayName,
  dtmf_protocol: account.dtmfProtocol,
  activated: account.activated,
  blocked: account.blocked,
  admin: account.admin,
  ip_address: account.ipAddress,
  user_agent: account.userAgent,
  created_at: isoMoment(account.createdAt),
  updated_at: isoMoment(account.updatedAt),
  realm: space.digest?.realm ?? null,
  provisioning_token: reveal.token(account.sealedProvisioningToken),
  provisioning_token_expire_at: tokenExpiry(account, config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES),
  dictionary: account.dictionary,
  email_change_code: pendingWire(account.emailChange, null),
  types: account.types.map(({ id, key }) => ({ id, key })),
  actions: account.actions.map(({ id, key, code }) => ({ id, key, code })),
  carddav_servers: account.carddavServers.map(carddavServerWire),
  ...legacyMembers(account, config),
})

/**
 * What webhooks are told of an account (behaviour/webhooks.md §3): what administrators see, without what opens it, or a
 * door: no token, no code, no key.
 */
export const toldAccount = (account: AccountView) => ({
  id: account.id,
  username: account.username,
  domain: account.domain,
  sip_uri: sipUri(account.username, account.domain),
  email: account.email,
  phone: account.phone,
  display_name: account.displayName,
  dtmf_protocol: account.dtmfProtocol,
  activated: account.activated,
  blocked: account.blocked,
  admin: account.admin,
  ip_address: account.ipAddress,
  user_agent: account.userAgent,
  created_at: isoMoment(account.createdAt),
  updated_at: isoMoment(account.updatedAt),
  passwords: passwordsOf(account),
  dictionary: account.dictionary,
  email_change_code: pendingWire(account.emailChange, null),
  phone_change_code: pendingWire(account.phoneChange, null),
  types: account.types.map(({ id, key }) => ({ id, key })),
  actions: account.actions.map(({ id, key }) => ({ id, key })),
  carddav_servers: account.carddavServers.map(carddavServerWire),
})

/** What clients of 2021 look for (behaviour/legacy.md §6); newer ones ignore it. */
const legacyMembers = (account: ShownAccount, config: Config) =>
  config.LEGACY_API
    ? {
        creation_time: formatMoment(account.createdAt),
        email_changed:
          account.emailChange === null
            ? null
            : { new_email: account.emailChange.email, created_at: formatMoment(account.emailChange.createdAt) },
        confirmation_key_expires: null,
      }
    : {}

const passwordsOf = (account: ShownAccount) => account.algorithms.map((algorithm) => ({ algorithm }))

/** A pending activation key, for administrators only. */
export const pendingKeyWire = (pending: { key: string | null; expiresAt: Date | null } | null) =>
  pending === null || pending.key === null
    ? {}
    : {
        confirmation_key: pending.key,
        confirmation_key_expires: pending.expiresAt === null ? null : formatMoment(pending.expiresAt),
      }

/**
 * The account as each audience sees it (behaviour/accounts.md §1.2). `discreet`: without what opens the account, and
 * `to(caller)` too, where the caller has a key that is not for that.
 */
export const accountWire = (config: Config, reveal: Revealing) => {
  const [open, discreet] = [audiences(config, reveal), audiences(config, NOTHING)]
  return { ...open, discreet, to: (caller: Caller): Audiences => (seesSecrets(caller) ? open : discreet) }
}

const audiences = (config: Config, reveal: Revealing) => ({
  /** For its owner, and as the reply of most administration. */
  own: (account: ShownAccount, space: Space) =>
    Object.assign(members(account, space, config, reveal), { passwords: passwordsOf(account) }),
  /** What anybody may know of an account. */
  info: ({ activated }: AccountView, space: Space) => ({ activated, realm: space.digest?.realm ?? null }),
  /** The reply when an administrator has changed the account. */
  changed: (account: AccountView, space: Space) => ({
    ...members(account, space, config, reveal),
    passwords: passwordsOf(account),
    email_change_code: pendingWire(account.emailChange, reveal.code),
    phone_change_code: pendingWire(account.phoneChange, reveal.code),
  }),
  /** `GET /accounts/{id}`. `phone_change_code` is always there: liblinphone looks for it. */
  administered: (account: AccountView, space: Space) => ({
    ...members(account, space, config, reveal),
    email_change_code: pendingWire(account.emailChange, reveal.code),
    phone_change_code: pendingWire(account.phoneChange, reveal.code),
  }),
  /** Items of `GET /accounts`: the same without codes. */
  listed: (account: AccountView, space: Space) => ({
    ...members(account, space, config, reveal),
    phone_change_code: pendingWire(account.phoneChange, null),
  }),
})

type Audiences = ReturnType<typeof audiences>
export type AccountWire = ReturnType<typeof accountWire>
