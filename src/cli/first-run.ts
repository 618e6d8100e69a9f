import type { Config } from '../config/config.ts'
import { qrTerminal } from '../protocols/qr.ts'
import { appKeyFile } from './app-key.ts'
import type { Opened } from './context.ts'
import { print } from './terminal.ts'

const PASSWORD_LENGTH = 16

export interface Welcome {
  /** `http://localhost:8080` */
  readonly baseUrl: string
  readonly domain: string
  readonly username: string
  /** Shown this once. */
  readonly password: string
  readonly apiKey: string
  readonly provisioningUrl: string
}

/** How people reach the server: the host with the port that it listens on, unless that is the scheme's own. */
export const publicBase = (config: Config, host: string): string => {
  const scheme = config.TLS_CERT === null ? 'http' : 'https'
  const port = config.PUBLIC_PORT ?? (config.LISTEN.kind === 'tcp' ? config.LISTEN.port : 0)
  const own = scheme === 'https' ? 443 : 80
  const name = host.includes(':') ? `[${host}]` : host
  return `${scheme}://${name}${port === 0 || port === own ? '' : `:${port}`}${config.BASE_PATH}`
}

/** The first Space, a super Space, and its first administrator. There are no default credentials. */
export const createFirst = async (
  { config, parts }: Opened,
  options: { host: string; domain: string; name: string; username: string; password?: string },
): Promise<Welcome> => {
  const { host, domain, name, username, password = parts.secrets.token(PASSWORD_LENGTH) } = options
  await parts.spaceAdministration.upsert({ domain, host, name, super: true })
  const { account, apiKey } = await parts.administrators.create({
    domain,
    username,
    password,
    update: true,
    keyAddress: null,
  })
  const baseUrl = publicBase(config, host)
  return {
    baseUrl,
    domain,
    username,
    password,
    apiKey: apiKey ?? '',
    provisioningUrl: `${baseUrl}/provisioning/${account.provisioningToken}`,
  }
}

/** On the terminal only: the log never learns these. */
export const printWelcome = (config: Config, welcome: Welcome): void => {
  const { baseUrl, domain, username, password, apiKey, provisioningUrl } = welcome
  const body = JSON.stringify({
    username: 'alice01',
    password: 'choose-a-password',
    algorithm: 'SHA-256',
    activated: true,
  })
  const key =
    config.APP_KEY === null ? [`Back up ${appKeyFile(config)}: it unlocks what the database keeps secret.`, ''] : []
  print(
    [
      '',
      'sipkeeper is ready. This is shown once.',
      '',
      `  Address        ${baseUrl}/`,
      `  Administrator  ${username}@${domain}`,
      `  Password       ${password}`,
      `  API key        ${apiKey}`,
      '',
      'Create an account:',
      '',
      `  curl -X POST ${baseUrl}/api/accounts -H 'x-api-key: ${apiKey}' -H 'content-type: application/json' -d '${body}'`,
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
