import { type Caller, mayActAs } from '../nouns/caller.ts'
import type { Exchange } from './exchange.ts'
import type { Limit } from './limit.ts'

/** Small files that pages need, all of them in memory. */
const UNCOUNTED = new Set(['/assets/:name', '/storage/img/:logo', '/robots.txt'])

/** Where calls go, voicemails that callers leave, pushes that wake phones. */
const OF_PROXY = new Set([
  '/api/resolve/:sip',
  '/api/accounts/:id/search',
  '/api/accounts/:id/voicemails/',
  '/api/files/:uuid',
  '/api/push_notification',
])

/**
 * What a SIP proxy reports, asks and leaves, however much that is: it takes a refusal for an answer, so that a report or
 * a message would be lost, and a call would ring where it should not. Only administrators are proxies.
 */
const isOfProxy = ({ route, caller }: Exchange): boolean =>
  (route.startsWith('/api/statistics/') || OF_PROXY.has(route)) && caller !== null && mayActAs(caller, 'admin')

/** A named key has a window of its own: one program takes nothing away from another. */
const holderOf = (caller: Caller | null, network: string): string =>
  caller === null ? network : caller.key === null ? `account:${caller.id}` : `key:${caller.key.id}`

/**
 * Counts a request against the volume limit of its named key or its account, or of its address while nobody was
 * recognised; null: there is no such limit. Only the API says what is left.
 */
export const volumeLimit = ({ api }: { readonly api: Limit }) => {
  const { points } = api
  if (points === null) return null
  return async (exchange: Exchange): Promise<void> => {
    const { route, caller, network } = exchange
    if (UNCOUNTED.has(route) || isOfProxy(exchange)) return
    const tell = (remaining: number) => {
      if (route.startsWith('/api/')) exchange.quota = { limit: points, remaining }
    }
    tell(0)
    tell(await api.consume(holderOf(caller, network)))
  }
}

export type VolumeLimit = ReturnType<typeof volumeLimit>
