import { readFileSync, statSync, unlinkSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import type { Address } from '../config/kinds.ts'
import { codeOf } from '../thrown.ts'
import type { Front } from './front.ts'

/**
 * Whoever reads a body counts it. Bun hands a request over before its body has come, stops reading when nobody does,
 * and drops what is left after the reply; its own limit would only add a 413 without a body.
 */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

/**
 * Flexisip keeps a connection for 60 s: both must not close it in the same moment, or a statistic is lost on the way.
 */
const IDLE_SECONDS = 75

const where = (address: Address) =>
  address.kind === 'unix' ? { unix: address.path } : { hostname: address.host, port: address.port }

const answers = async (path: string): Promise<boolean> => {
  try {
    const other = await Bun.connect({ unix: path, socket: { data() {} } })
    other.end()
    return true
  } catch (error) {
    return codeOf(error) !== 'ECONNREFUSED'
  }
}

/** A killed process leaves its UNIX socket behind, and nobody could listen there any more. One that is in use stays. */
export const removeLeftover = async (address: Address | null): Promise<void> => {
  if (address?.kind !== 'unix') return
  const isSocket = statSync(address.path, { throwIfNoEntry: false })?.isSocket() === true
  if (isSocket && !(await answers(address.path))) unlinkSync(address.path)
}

/**
 * Accepts connections on `LISTEN`; with a certificate over TLS, as HTTP/1.1 and HTTP/2. `reusePort`: processes with the
 * same address share its connections; without it the second one fails, and nobody wonders where requests go.
 */
export const listen = (config: Config, front: Front, { reusePort = false }: { reusePort?: boolean } = {}) => {
  const { TLS_CERT: certificate, TLS_KEY: key } = config
  return Bun.serve({
    ...where(config.LISTEN),
    reusePort,
    maxRequestBodySize: NO_LIMIT,
    idleTimeout: IDLE_SECONDS,
    development: false,
    error: front.broken,
    ...(certificate === null || key === null
      ? {}
      : { tls: { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }, http2: true }),
    fetch: (request: Request, server: Bun.Server<undefined>) => front.fetch(request, server),
  } as Bun.Serve.Options<undefined>)
}

/** Prometheus' text on `METRICS_LISTEN`, for whoever can reach it. */
export const listenForMetrics = (address: Address, text: () => Promise<string>) =>
  Bun.serve({
    ...where(address),
    reusePort: false,
    development: false,
    error: () => new Response('', { status: 500, headers: { 'content-type': 'text/plain' } }),
    fetch: async () => new Response(await text(), { headers: { 'content-type': 'text/plain; version=0.0.4' } }),
  } as Bun.Serve.Options<undefined>)
