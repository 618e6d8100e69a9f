import type { Config } from '../config/config.ts'
import { qrTerminal } from '../protocols/qr.ts'
import { appKeyFile } from './app-key.ts'
import type { Opened } from './context.ts'
import { generatedPassword } from './password.ts'
import { print } from './terminal.ts'

/** Where the server is found: by people and phones, and by a shell on this machine. */
interface Reach {
  /** `http://localhost:8080` */
  readonly baseUrl: string
  /** What `curl` on this machine is told, up to the path. */
  readonly curl: string
}

export interface Welcome extends Reach {
  readonly username: string
  readonly domain: string
  /** Made here and shown this once; null where the operator knows it, or the administrator has kept it. */
  readonly password: string | null
  /** null: the administrator has kept the one it had. */
  readonly apiKey: string | null
  readonly provisioningUrl: string
}

const isLocal = (host: string): boolean => /^(?:.*\.)?localhost$|^127\.|^::1$/.test(host)

/**
 * A server that only this machine can reach has a proxy in front, unless its Space is for this machine too; `proxied`
 * says so in other cases. `port`: where it listens, when it is known better than `LISTEN` tells.
 */
const reachOf = (
  config: Config,
  host: string,
  { proxied = false, port }: { proxied?: boolean; port?: number },
): Reach => {
  const { LISTEN: listen, BASE_PATH: path } = config
  const scheme = config.TLS_CERT === null ? 'http' : 'https'
  const name = host.includes(':') ? `[${host}]` : host
  const urlOf = (its: string, port: number) =>
    `${its}://${name}${port === 0 || port === (its === 'https' ? 443 : 80) ? '' : `:${port}`}${path}`

  const own = listen.kind === 'tcp' ? (port ?? listen.port) : 0
  if (listen.kind === 'tcp' && !proxied && (isLocal(host) || !isLocal(listen.host))) {
    const baseUrl = urlOf(scheme, config.PUBLIC_PORT ?? own)
    return { baseUrl, curl: baseUrl }
  }
  const here = /^(0\.0\.0\.0|::)$/.test(listen.kind === 'tcp' ? listen.host : '') ? '127.0.0.1' : null
  const through =
    listen.kind === 'unix'
      ? `--unix-socket ${listen.path}`
      : `--connect-to ::${here ?? (listen.host.includes(':') ? `[${listen.host}]` : listen.host)}:${own}`
  return {
    baseUrl: urlOf(config.PUBLIC_SCHEME, config.PUBLIC_PORT ?? 0),
    curl: `${through} ${scheme}://${name}${path}`,
  }
}

/**
 * A super Space and its first administrator; there are no default credentials. An administrator who is there already
 * keeps what it has, unless a password is given: whoever repeats this loses nothing.
 * @throws AppError `conflict` when `alone` and somebody else has made the administrator
 */
export const createFirst = async (
  { config, parts }: Opened,
  options: {
    readonly host: string
    readonly domain: string
    readonly name: string
    readonly username: string
    readonly password?: string
    /** Nothing is expected to be there. */
    readonly alone?: boolean
    readonly proxied?: boolean
    readonly port?: number
  },
): Promise<Welcome> => {
  const { host, domain, name, username, password = generatedPassword({ config, parts }) } = options
  // Before the Space: one without an administrator would never get its first run again.
  parts.administrators.check(username, password)
  await parts.spaceAdministration.upsert({ domain, host, name, super: true })
  const { provisioningToken, apiKey, created } = await parts.administrators.create({
    domain,
    username,
    password,
    existing: options.alone === true ? 'refuse' : options.password === undefined ? 'keep' : 'reset',
    keyAddress: null,
  })
  const reach = reachOf(config, host, options)
  return {
    ...reach,
    username,
    domain,
    password: created && options.password === undefined ? password : null,
    apiKey,
    provisioningUrl: `${reach.baseUrl}/provisioning/${provisioningToken}`,
  }
}

const EXAMPLE = JSON.stringify({
  username: 'alice01',
  password: 'choose-a-password',
  algorithm: 'SHA-256',
  activated: true,
})

/** On the terminal only: the log never learns these. `envFile`: what commands must be told. */
export const printWelcome = (config: Config, welcome: Welcome, envFile = ''): void => {
  const { baseUrl, curl, domain, username, password, apiKey, provisioningUrl } = welcome
  const minutes = config.APP_API_KEY_EXPIRATION_MINUTES
  const credentials =
    apiKey === null
      ? [
          '',
          'The administrator was there already and keeps its password and API key. To replace both:',
          '',
          `  sipkeeper accounts:create-admin-account -u ${username} -d ${domain} --update --api-key${envFile}`,
        ]
      : [
          ...(password === null ? [] : [`  Password       ${password}`]),
          `  API key        ${apiKey}`,
          ...(minutes === null ? [] : [`                 good until it has not been used for ${minutes} minutes`]),
          '',
          'Create an account:',
          '',
          `  curl -X POST ${curl}/api/accounts -H 'x-api-key: ${apiKey}' -H 'content-type: application/json' -d '${EXAMPLE}'`,
        ]
  const key =
    config.APP_KEY === null ? [`Back up ${appKeyFile(config)}: it unlocks what the database keeps secret.`, ''] : []
  print(
    [
      '',
      `sipkeeper is ready.${apiKey === null ? '' : ' This is shown once.'}`,
      '',
      `  Address        ${baseUrl}/`,
      `  Administrator  ${username}@${domain}`,
      ...credentials,
      '',
      'Set up a phone: scan this with the app, once.',
      '',
      qrTerminal(provisioningUrl),
      `  ${provisioningUrl}`,
      '',
      ...key,
    ].join('\n'),
  )
}
