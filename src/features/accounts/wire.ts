import type { Config } from '../../config/config.ts'
import { isoMoment } from '../../http/moment.ts'
import { sipUri } from '../../protocols/sip-address.ts'
import { formatMoment } from '../confirmation-keys/confirmation-keys.ts'
import type { Space } from '../spaces/space.ts'
import type { AccountView } from './store.ts'

const tokenExpiry = (account: AccountView, lifetimeMinutes: number | null): string | null =>
  account.provisioningTokenCreatedAt === null || lifetimeMinutes === null
    ? null
    : isoMoment(new Date(account.provisioningTokenCreatedAt.getTime() + lifetimeMinutes * 60_000))

/** spec accounts.md §1: an explicit list of what leaves. */
const members = (account: AccountView, space: Space, config: Config) => ({
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
  provisioning_token: account.provisioningToken,
  provisioning_token_expire_at: tokenExpiry(account, config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES),
  dictionary: account.dictionary,
  email_change_code: null,
  types: [],
  actions: [],
  carddav_servers: [],
  ...legacyMembers(account, config),
})

/** What clients of 2021 look for (spec legacy.md §11); newer ones ignore it. */
const legacyMembers = (account: AccountView, config: Config) =>
  config.LEGACY_API
    ? {
        creation_time: formatMoment(account.createdAt),
        email_changed: null,
        confirmation_key_expires: null,
      }
    : {}

const passwordsOf = (account: AccountView) => account.algorithms.map((algorithm) => ({ algorithm }))

/** A pending activation key, for administrators only. */
export const pendingKeyWire = (pending: { key: string; expiresAt: Date | null } | null) =>
  pending === null
    ? {}
    : {
        confirmation_key: pending.key,
        confirmation_key_expires: pending.expiresAt === null ? null : formatMoment(pending.expiresAt),
      }

/** The account as each audience sees it (spec accounts.md §1.2). */
export const accountWire = (config: Config) => ({
  /** For its owner, and as the reply of most administration. */
  own: (account: AccountView, space: Space) => ({
    ...members(account, space, config),
    passwords: passwordsOf(account),
  }),
  /** After `PUT`. */
  changed: (account: AccountView, space: Space) => ({
    ...members(account, space, config),
    passwords: passwordsOf(account),
    phone_change_code: null,
  }),
  /** `GET /accounts/{id}` and list items. `phone_change_code` is always there: liblinphone looks for it. */
  administered: (account: AccountView, space: Space) => ({
    ...members(account, space, config),
    phone_change_code: null,
  }),
  /** `search`, `search-by-email` and `resolve`: Flexisip requires `call_forwardings`. */
  found: (account: AccountView, space: Space) => ({
    ...members(account, space, config),
    passwords: passwordsOf(account),
    call_forwardings: [],
  }),
})

export type AccountWire = ReturnType<typeof accountWire>
