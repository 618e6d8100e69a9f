import { Type } from '@sinclair/typebox'
import { invalid } from '../../errors.ts'
import { choice, clearable, form, type Input, instant, integer, optional, plainText } from '../../http/input.ts'
import { KEY_SCOPES, type KeyScope } from '../../nouns/caller.ts'
import { canonicalNetwork, containsNetwork, type Network, parseNetwork } from '../../protocols/ip-address.ts'

const SHORTEST_NAME = 3
const LONGEST_NAME = 100
const MOST_NETWORKS = 32
/** Of one with its prefix, as people write it. */
const LONGEST_NETWORK = 64

/** As the database keeps them, with blanks between them. */
export const networksOf = (stored: string): readonly Network[] =>
  stored.split(' ').flatMap((text) => parseNetwork(text) ?? [])

/** Each once, in the order in which they were written; null: one of them is none, or they are too many. */
const readNetworks = (value: unknown): readonly Network[] | null => {
  const texts = textsOf(value)
  if (texts === null || texts.length > MOST_NETWORKS) return null
  const known = new Map<string, Network>()
  for (const text of texts) {
    const network = text.length > LONGEST_NETWORK ? null : parseNetwork(text.trim())
    if (network === null) return null
    known.set(canonicalNetwork(network), network)
  }
  return [...known.values()]
}

const textsOf = (value: unknown): readonly string[] | null => {
  if (typeof value === 'string') return value.length > MOST_NETWORKS * LONGEST_NETWORK ? null : value.split(/[\s,]+/)
  return Array.isArray(value) && value.every((text) => typeof text === 'string') ? value : null
}

/** A list, or a text with blanks or commas between them, as forms and the command line write it. */
const networks = () =>
  Type.Unsafe<readonly Network[]>({
    type: 'array',
    items: { type: 'string' },
    examples: [['10.0.0.0/8', '2001:db8::/32']],
    refusal: { id: 'v.networks', values: { count: MOST_NETWORKS } },
    matches: (value: unknown) => readNetworks(value) !== null,
    means: readNetworks,
  })

/** `scim` has a name already, so that nobody gives it to something else. */
const scope = () => choice([...KEY_SCOPES, 'scim'])

/** What a named key is made of (behaviour/requests.md §5.2). */
export const NewApiKey = form({
  name: plainText(LONGEST_NAME),
  scope: optional(scope()),
  networks: optional(networks()),
  expires_after_last_used_minutes: optional(integer(0)),
  expire_at: optional(instant()),
})

/** What is left out stays. */
export const ChangedApiKey = form({
  name: optional(plainText(LONGEST_NAME)),
  scope: optional(scope()),
  networks: clearable(networks()),
  expires_after_last_used_minutes: optional(integer(0)),
  expire_at: clearable(instant()),
})

/** What a key may do, from where, and for how long. */
export interface KeyLimits {
  readonly scope: KeyScope
  /** Empty: from everywhere. */
  readonly networks: readonly Network[]
  /** 0: it may be idle for ever. */
  readonly idleMinutes: number
  /** null: it has no end of its own. */
  readonly expireAt: Date | null
}

/** Names are shown to people, a reserved scope is for nobody yet, and a key that has ended already is a mistake. */
const check = (input: Input<typeof NewApiKey> | Input<typeof ChangedApiKey>, now: Date): void => {
  const { name, scope, expire_at: end } = input.good
  if (name !== null && [...name].length < SHORTEST_NAME)
    input.refuse('name', { id: 'v.min', values: { count: SHORTEST_NAME } })
  if (scope === 'scim') input.refuse('scope', { id: 'v.scope_reserved' })
  if (end !== null && end.at <= now) input.refuse('expire_at', { id: 'v.past' })
}

const asScope = (scope: KeyScope | 'scim'): KeyScope => (scope === 'scim' ? 'read' : scope)

/** Throws `invalid` with every refusal. A key of which nothing is said may look, from everywhere, for ever. */
export const newKey = (input: Input<typeof NewApiKey>, now: Date): KeyLimits & { readonly name: string } => {
  check(input, now)
  const { name, scope, networks, expires_after_last_used_minutes: minutes, expire_at: end } = input.settle()
  const limits = { networks: networks ?? [], idleMinutes: minutes ?? 0, expireAt: end?.at ?? null }
  return { name, scope: asScope(scope ?? 'read'), ...limits }
}

/** Throws `invalid` with every refusal that does not depend on the key. */
export const changesOf = (
  input: Input<typeof ChangedApiKey>,
  now: Date,
): Partial<KeyLimits> & { readonly name?: string } => {
  check(input, now)
  const { name, scope, networks, expires_after_last_used_minutes: minutes, expire_at: end } = input.settle()
  return {
    ...(name === null ? {} : { name }),
    ...(scope === null ? {} : { scope: asScope(scope) }),
    ...(networks === undefined ? {} : { networks: networks ?? [] }),
    ...(minutes === null ? {} : { idleMinutes: minutes }),
    ...(end === undefined ? {} : { expireAt: end?.at ?? null }),
  }
}

/** Refuses what would let a key do more than before, from more networks, or for longer: that takes a new key. */
export const refuseMore = (before: KeyLimits, after: KeyLimits): void => {
  const refuse = (member: string): never => {
    throw invalid(member, 'v.only_less')
  }
  if (before.scope !== 'full' && after.scope !== before.scope) refuse('scope')
  const isInside = (inner: Network) => before.networks.some((outer) => containsNetwork(outer, inner))
  if (before.networks.length > 0 && (after.networks.length === 0 || !after.networks.every(isInside))) refuse('networks')
  const { idleMinutes: idle } = before
  if (idle > 0 && (after.idleMinutes === 0 || after.idleMinutes > idle)) refuse('expires_after_last_used_minutes')
  if (before.expireAt !== null && (after.expireAt === null || after.expireAt > before.expireAt)) refuse('expire_at')
}
