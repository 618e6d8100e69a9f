import { readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { CHECKOUT, type Config, printsIntoJournal } from '../config/config.ts'
import type { Logging } from '../logging/logging.ts'
import { qrTerminal } from '../protocols/qr.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { appKeyFile } from './app-key.ts'
import type { Opened } from './context.ts'
import { generatedPassword } from './password.ts'
import { isColoured, print } from './terminal.ts'

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

export const isLocal = (host: string): boolean => /^(?:.*\.)?localhost$|^127\.|^::1$/.test(host)

/**
 * A server that only this machine can reach has a proxy in front, unless its Space is for this machine too; `proxied`
 * says so in other cases. `port`: where it listens, when it is known better than `LISTEN` tells.
 */
export const reachOf = (
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
    baseUrl: urlOf(config.PUBLIC_SCHEME ?? 'https', config.PUBLIC_PORT ?? 0),
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

/** How this program is called, as people see it. */
export const PROGRAM = CHECKOUT === null ? 'sipkeeper' : 'bun src/main.ts'

/** Where other machines may find this one: IPv4 first, and IPv6 where there is none. */
export const lanAddresses = (interfaces = networkInterfaces()): string[] => {
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? [])
  const outward = all.filter(({ internal, address }) => !internal && !/^(169\.254\.|fe[89ab])/i.test(address))
  const four = outward.filter(({ family }) => family === 'IPv4').map(({ address }) => address)
  const six = outward.filter(({ family }) => family === 'IPv6').map(({ address }) => `[${address}]`)
  return four.length > 0 ? four : six
}

/** No phone finds `localhost`: what to do instead of scanning. */
const insteadOfQrCode = (config: Config, provisioningUrl: string): string[] => {
  const port = config.LISTEN.kind === 'tcp' && config.LISTEN.port !== 0 ? config.LISTEN.port : 8080
  const addresses = lanAddresses()
  const offered = addresses.length > 0 ? addresses : ['ADDRESS']
  return [
    'A phone cannot reach localhost. To set one up, stop this server, give it the address that this machine has in the',
    `network of the phone${addresses.length > 1 ? ' (one of these)' : ''}, and start it again:`,
    '',
    ...offered.map((address) => `  ${PROGRAM} setup --host ${address}:${port}`),
    '',
    'An app on this machine can be given this address, once:',
    '',
    `  ${provisioningUrl}`,
  ]
}

const qrCodeOf = (provisioningUrl: string): string[] => [
  'Set up a phone: scan this with the app, once.',
  '',
  qrTerminal(provisioningUrl, { coloured: isColoured() }),
  `  ${provisioningUrl}`,
]

const keptQrCode = (config: Config): string => join(config.DATA_DIR, 'first-phone')

/** Before a server answers nobody can use the code: `serve` shows it. */
const keepQrCode = (config: Config, provisioningUrl: string): void => {
  const file = keptQrCode(config)
  rmSync(file, { force: true })
  writeFileSync(file, `${provisioningUrl}\n`, { mode: 0o600, flag: 'wx' })
}

/** What `setup` has kept for the first server that answers; of several that start together one prints it. */
export const printKeptQrCode = (config: Config, log: Logging): void => {
  const file = keptQrCode(config)
  let provisioningUrl: string
  try {
    provisioningUrl = readFileSync(file, 'utf8').trim()
    unlinkSync(file)
  } catch {
    return // there is none, it is another user's, or another process was first
  }
  // It opens an account, and the journal keeps what it gets.
  if (printsIntoJournal()) log.app.info('the QR code of the first phone is shown on the dashboard of its account')
  else print(['', ...qrCodeOf(provisioningUrl), ''].join('\n'))
}

/**
 * On the terminal only: the log never learns these. `envFile`: what commands must be told; `answers`: whether the
 * server that this is about runs already.
 */
export const printWelcome = (
  config: Config,
  host: string,
  welcome: Welcome,
  { envFile = '', answers }: { envFile?: string; answers: boolean },
): void => {
  const { baseUrl, curl, domain, username, password, apiKey, provisioningUrl } = welcome
  const minutes = config.APP_API_KEY_EXPIRATION_MINUTES
  const credentials =
    apiKey === null
      ? [
          '',
          'The administrator was there already and keeps its password and API key. To replace both:',
          '',
          `  ${PROGRAM} accounts:create-admin-account -u ${username} -d ${domain} --update --api-key${envFile}`,
        ]
      : [
          ...(password === null ? [] : [`  Password       ${password}`]),
          `  API key        ${apiKey}`,
          ...(minutes === null ? [] : [`                 good until it has not been used for ${minutes} minutes`]),
          '',
          `Open the address in a browser${answers ? '' : ' once the server runs'} and sign in. Or create an account from here:`,
          '',
          `  curl -X POST ${curl}/api/accounts -H 'x-api-key: ${apiKey}' -H 'content-type: application/json' -d '${EXAMPLE}'`,
        ]
  const phone = isLocal(host)
    ? insteadOfQrCode(config, provisioningUrl)
    : answers
      ? qrCodeOf(provisioningUrl)
      : ['Set up a phone: the server shows a QR code of this when it runs.', '', `  ${provisioningUrl}`]
  if (!answers && !isLocal(host)) keepQrCode(config, provisioningUrl)
  const key =
    config.APP_KEY === null ? [`Back up ${appKeyFile(config)}: it unlocks what the database keeps secret.`, ''] : []
  print(
    [
      '',
      `sipkeeper is ready.${apiKey === null ? '' : ' This is shown once.'}`,
      '',
      `  Address        ${baseUrl}/`,
      `  Administrator  ${addressOfRecord({ username, domain })}`,
      ...credentials,
      '',
      ...phone,
      '',
      `Everything is kept in ${config.DATA_DIR}.`,
      ...key,
    ].join('\n'),
  )
}
