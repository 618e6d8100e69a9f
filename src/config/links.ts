import type { Config } from './settings.ts'

type Scheme = 'http' | 'https'

/** The scheme and the port by which a link reaches us. */
export interface LinkOrigin {
  readonly scheme: Scheme
  /** null: the usual one of the scheme. */
  readonly port: number | null
}

type Settings = Pick<Config, 'PUBLIC_SCHEME' | 'PUBLIC_PORT' | 'TLS_CERT' | 'LISTEN' | 'TRUSTED_PROXIES' | 'BASE_PATH'>

export const ownScheme = ({ TLS_CERT }: Pick<Settings, 'TLS_CERT'>): Scheme => (TLS_CERT === null ? 'http' : 'https')

/**
 * Scheme and port of links (D57): the settings where they say something; else what a proxy says, whose port is then the
 * usual one; else our own listener's. Never what a client writes, so that mails, jobs and pages say the same.
 * `proxied`: what the proxy says the scheme is, null without one. `listening`: the port, where it is known better than
 * `LISTEN` tells.
 */
export const linkOriginOf = (config: Settings, proxied: Scheme | null, listening?: number): LinkOrigin => {
  const { PUBLIC_SCHEME, PUBLIC_PORT, LISTEN } = config
  const own = LISTEN.kind === 'tcp' ? (listening ?? LISTEN.port) : 0
  const scheme = PUBLIC_SCHEME ?? proxied ?? ownScheme(config)
  const port = PUBLIC_PORT ?? (PUBLIC_SCHEME === null && proxied === null ? own : 0)
  return { scheme, port: port === 0 || port === (scheme === 'https' ? 443 : 80) ? null : port }
}

export const linkTo = ({ scheme, port }: LinkOrigin, host: string): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}${port === null ? '' : `:${port}`}`

/**
 * Where a Space is for links outside a request: a proxy that is trusted, or that holds our UNIX socket, speaks HTTPS.
 */
export const spaceUrl = (config: Settings, host: string): string => spaceOrigin(config, host) + config.BASE_PATH

/** The same without the base path. */
export const spaceOrigin = (config: Settings, host: string): string => {
  const isProxied = config.TRUSTED_PROXIES.length > 0 || config.LISTEN.kind === 'unix'
  return linkTo(linkOriginOf(config, isProxied ? 'https' : null), host)
}
