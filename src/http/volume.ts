import { mayActAs } from '../nouns/caller.ts'
import type { Exchange } from './exchange.ts'
import type { Limit } from './limit.ts'

/** Small files that pages need, all of them in memory. */
const UNCOUNTED = new Set(['/assets/:name', '/storage/img/:logo', '/robots.txt'])

/**
 * What a SIP proxy reports, however much that is: it takes a refusal for an answer, and the report would be lost. Only
 * administrators report.
 */
const isReport = ({ route, caller }: Exchange): boolean =>
  route.startsWith('/api/statistics/') && caller !== null && mayActAs(caller, 'admin')

/**
 * Counts a request against the volume limit of its account, or of its address while nobody was recognised; null: there
 * is no such limit. Only the API says what is left.
 */
export const volumeLimit = ({ api }: { readonly api: Limit }) => {
  const { points } = api
  if (points === null) return null
  return async (exchange: Exchange): Promise<void> => {
    const { route, caller, network } = exchange
    if (UNCOUNTED.has(route) || isReport(exchange)) return
    const tell = (remaining: number) => {
      if (route.startsWith('/api/')) exchange.quota = { limit: points, remaining }
    }
    tell(0)
    tell(await api.consume(caller === null ? network : `account:${caller.id}`))
  }
}

export type VolumeLimit = ReturnType<typeof volumeLimit>
