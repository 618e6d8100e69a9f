import type { DigestConfiguration, PasswordAlgorithm } from '../../nouns/space.ts'
import { isDomain } from '../../protocols/sip-address.ts'
import type { PartInput, SpaceInput } from './rules.ts'

const CONFIGURATION = 'digest_authentication_configuration'
const REALM = 'account_realm'
const ALGORITHM = 'account_default_password_algorithm'

type Older = typeof REALM | typeof ALGORITHM

export interface WantedDigest {
  readonly digest: DigestConfiguration | null
  /** The member that names the realm. */
  readonly realmFrom: typeof REALM | typeof CONFIGURATION
}

const isAlgorithm = (value: unknown): value is PasswordAlgorithm => value === 'MD5' || value === 'SHA-256'

/** What the object says about something, what the older attribute says, and what a client has read of both. */
interface Said {
  readonly object: unknown
  readonly older: unknown
  readonly before: unknown
  /** The object was read, too, so that repeating it changes nothing. */
  readonly wasRead: boolean
}

/** The new value and where it stands; `undefined` when nobody changes it. */
const changeOf = <Name extends Older>(
  input: SpaceInput | PartInput,
  name: Name,
  { object, older, before, wasRead }: Said,
) => {
  const isOlder = older !== undefined && older !== before
  const isObject = object !== undefined && !(wasRead && object === before)
  if (isOlder && isObject && older !== object) input.refuse(name, { id: 'v.digest_contradiction' })
  const from: Name | typeof CONFIGURATION = isOlder ? name : CONFIGURATION
  return { value: isOlder ? older : isObject ? object : undefined, from }
}

/**
 * The digest configuration that a body asks for (behaviour/spaces.md §2), in the object or in the two attributes of the
 * generation before. Whoever sends back what was read with one of them changed means that one; two changes that
 * contradict each other are refused. A realm equal to the SIP domain is no realm of its own.
 *
 * `current` undefined: the Space is new. `initial`: of a new Space, and of one whose DIGEST is switched on again.
 */
export const checkDigest = (
  input: SpaceInput | PartInput,
  domain: string | null,
  current: DigestConfiguration | null | undefined,
  initial: DigestConfiguration,
): WantedDigest => {
  const said = input.values[CONFIGURATION]
  const isObject = typeof said === 'object' && said !== null && !Array.isArray(said)
  if (said !== undefined && said !== null && !isObject) input.refuse(CONFIGURATION, { id: 'v.unknown_shape' })
  const object: Readonly<Record<string, unknown>> = isObject ? { ...said } : {}
  const wasRead = current !== null && current !== undefined
  const own = (realm: unknown) => (realm === domain ? null : realm)

  const realm = changeOf(input, REALM, {
    object: own(object.realm),
    older: own(input.values[REALM]),
    before: current?.realm ?? null,
    wasRead,
  })
  const algorithm = changeOf(input, ALGORITHM, {
    object: object.default_password_algorithm,
    older: input.values[ALGORITHM],
    before: current?.defaultPasswordAlgorithm ?? null,
    wasRead,
  })
  const changes = [realm, algorithm].filter(({ value }) => value !== undefined)

  if (said === null && current !== null) {
    for (const { from } of changes) input.refuse(from, { id: 'v.digest_contradiction' })
    return { digest: null, realmFrom: realm.from }
  }
  if (current === null && !isObject && changes.length === 0) return { digest: null, realmFrom: realm.from }

  const base = current ?? initial
  const wanted = {
    realm: realm.value === undefined ? base.realm : realm.value,
    algorithm: algorithm.value === undefined ? base.defaultPasswordAlgorithm : algorithm.value,
  }
  // What stays may be a realm that only the command line accepts.
  const isRealm = typeof wanted.realm === 'string' && (realm.value === undefined || isDomain(wanted.realm))
  if (wanted.realm !== null && !isRealm) input.refuse(realm.from, { id: 'v.domain' })
  if (wanted.algorithm !== null && !isAlgorithm(wanted.algorithm)) {
    input.refuse(algorithm.from, { id: 'v.choice', values: { choices: 'MD5, SHA-256' } })
  }
  return {
    digest: {
      realm: isRealm ? String(wanted.realm) : null,
      defaultPasswordAlgorithm: isAlgorithm(wanted.algorithm) ? wanted.algorithm : null,
    },
    realmFrom: realm.from,
  }
}
