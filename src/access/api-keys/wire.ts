import { choice, integer, text } from '../../http/input.ts'
import { isoMoment, isoMomentOrNull } from '../../http/moment.ts'
import { described, listOf, moment, object, orNull, record } from '../../http/output.ts'
import { KEY_SCOPES } from '../../nouns/caller.ts'
import { canonicalNetwork } from '../../protocols/ip-address.ts'
import type { NamedKey } from './named-keys.ts'

const members = {
  id: integer(1),
  name: text(),
  prefix: described(orNull(text()), 'How the key begins.'),
  scope: choice(KEY_SCOPES),
  networks: described(listOf(text()), 'Where it works from; empty: everywhere.'),
  expires_after_last_used_minutes: described(integer(0), '0: it may be idle for ever.'),
  expire_at: described(orNull(moment()), 'Its end, however much it is used.'),
  requests: integer(0),
  last_used_at: orNull(moment()),
  last_used_address: orNull(text()),
  created_at: moment(),
  account: object({ id: integer(1), username: text(), domain: text() }),
}

export const ApiKeySchema = record('ApiKey', members)
export const MadeApiKeySchema = record('MadeApiKey', { ...members, key: described(text(), 'Shown this once.') })

/** An explicit list: the key leaves once, and its hash never. */
export const keyWire = (key: NamedKey) => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  scope: key.scope,
  networks: key.networks.map(canonicalNetwork),
  expires_after_last_used_minutes: key.idleMinutes,
  expire_at: isoMomentOrNull(key.expireAt),
  requests: key.requests,
  last_used_at: isoMomentOrNull(key.lastUsedAt),
  last_used_address: key.lastUsedAddress,
  created_at: isoMoment(key.createdAt),
  account: { id: key.owner.id, username: key.owner.username, domain: key.owner.domain },
})
