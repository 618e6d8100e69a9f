import type { Logging } from '../logging/logging.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { type Exchange, requestId } from './exchange.ts'

/** A served document is logged in any case, because it is what support is asked about. */
const isDocument = (exchange: Exchange | undefined, { status, headers }: Response): boolean =>
  status === 200 &&
  exchange?.head === false &&
  exchange.route.startsWith('/provisioning') &&
  headers.get('content-type') === 'application/xml'

const mayBeDocument = (url: string): boolean => url.includes('/provisioning')

/**
 * One line a request (`ACCESS_LOG`), with the pattern of its route and never its path, which may hold a token. Without
 * the setting a request costs one look at its address.
 */
export const accessLog = (isOn: boolean, log: Logging) => ({
  concerns: (request: Request): boolean => isOn || mayBeDocument(request.url),
  observe: async (
    request: Request,
    answer: () => Response | Promise<Response>,
    known: () => { readonly exchange: Exchange | undefined; readonly address: string },
  ): Promise<Response> => {
    const started = performance.now()
    const response = await answer()
    const { exchange, address } = known()
    if (!isOn && !isDocument(exchange, response)) return response
    const { caller = null } = exchange ?? {}
    log.app.info('request', {
      method: request.method,
      route: exchange?.route || 'none',
      status: response.status,
      duration_ms: Math.round((performance.now() - started) * 10) / 10,
      space: exchange?.space.domain,
      account: caller === null ? undefined : addressOfRecord(caller),
      ip: address,
      request_id: exchange?.id ?? requestId(),
    })
    return response
  },
})
