import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secrets } from '../../secrets.ts'

/** How long a signed link is good for; the file itself may go earlier (behaviour/telephony.md §10). */
const LINK_MS = 14 * 86_400_000

/** What a link says of itself: `null` for what its query does not say. */
export interface Signed {
  readonly expires: string | null
  readonly signature: string | null
}

/** Links that open a file for whoever has them, until they expire. The signature is about the file, not its name. */
export const fileLinks = ({ secrets, now }: { secrets: Secrets; now: () => Date }) => {
  const key = secrets.keyFor('links to files')
  const sign = (uuid: string, expires: string): string =>
    createHmac('sha256', key).update(`${uuid} ${expires}`).digest('base64url')

  return {
    /** For a link that is handed out now: `?expires=…&signature=…`. */
    query: (uuid: string): string => {
      const expires = String(Math.floor((now().getTime() + LINK_MS) / 1000))
      return `?expires=${expires}&signature=${sign(uuid, expires)}`
    },
    /** `expired`: it was one of ours. */
    verdict: (uuid: string, { expires, signature }: Signed): 'good' | 'expired' | 'none' => {
      if (expires === null || signature === null || !/^\d{1,12}$/.test(expires)) return 'none'
      const [given, own] = [Buffer.from(signature), Buffer.from(sign(uuid, expires))]
      if (given.length !== own.length || !timingSafeEqual(given, own)) return 'none'
      return Number(expires) * 1000 > now().getTime() ? 'good' : 'expired'
    },
  }
}
