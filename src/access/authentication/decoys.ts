import { createHmac } from 'node:crypto'
import type { Space } from '../../nouns/space.ts'
import type { DigestAlgorithm } from '../../protocols/digest.ts'
import type { authenticationStore } from './store.ts'

/** How long a Space's algorithms are taken for what they were. */
const FRESH_MS = 60_000

type Algorithms = readonly string[]

/**
 * How many of a Space's accounts have MD5 only, from 0 to 1. Where both are in use it goes in steps, so that a name
 * keeps its algorithm while accounts come and go.
 */
const shareOfMd5 = (space: Space, accounts: readonly Algorithms[]): number => {
  if (accounts.length === 0) return space.digest?.defaultPasswordAlgorithm === 'MD5' ? 1 : 0
  const share = accounts.filter((algorithms) => algorithms.every((one) => one === 'MD5')).length / accounts.length
  return share === 0 || share === 1 ? share : Math.min(0.75, Math.max(0.25, Math.round(4 * share) / 4))
}

/**
 * What stands for the password of an account that does not exist, where strangers may not learn which do: an algorithm
 * such as the Space's newest accounts have, the same each time for a name, and an HA1 that nothing matches.
 */
export const decoys = (deps: { key: Uint8Array; store: ReturnType<typeof authenticationStore>; now: () => number }) => {
  const { key, store, now } = deps
  const shares = new Map<string, { readonly md5: number; readonly until: number }>()

  const shareIn = async (space: Space): Promise<number> => {
    const known = shares.get(space.domain)
    if (known !== undefined && known.until > now()) return known.md5
    const md5 = shareOfMd5(space, await store.newestAlgorithms({ space }))
    shares.set(space.domain, { md5, until: now() + FRESH_MS })
    return md5
  }

  return {
    /** `space` null: the domain is none of ours. */
    of: async (
      space: Space | null,
      { user, host }: { readonly user: string; readonly host: string },
    ): Promise<{ algorithm: DigestAlgorithm; secret: string }> => {
      const md5 = space === null ? 0 : await shareIn(space)
      const mac = createHmac('sha256', key).update(`${host} ${user}`).digest()
      return { algorithm: mac.readUInt8(0) / 256 < md5 ? 'MD5' : 'SHA-256', secret: mac.toString('hex') }
    },
  }
}
