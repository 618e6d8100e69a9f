import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { isIpAddress } from '../protocols/sip-address.ts'
import { type GlobalOptions, loadSettings, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { createFirst, printWelcome } from './first-run.ts'
import { ask, isInteractive, print, readLine } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly host?: string
  readonly domain?: string
  readonly name?: string
  readonly admin?: string
  readonly password?: string
  readonly passwordStdin?: boolean
  readonly listen?: string
  readonly country?: string
}

const DEFAULT_PORT = '8080'

/** `192.168.1.10:8080` → host and port. */
const splitHost = (text: string): { host: string; port: string | null } => {
  const match = /^(\[[0-9a-f:.]+\]|[^:\s]+)(?::(\d{1,5}))?$/i.exec(text)
  if (match === null) throw new CommandError(`${text} is not a host, or a host and a port.`, EXIT.usage)
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, '').toLowerCase(), port: match[2] ?? null }
}

/** A host with a port is reached directly, so the server listens for the network; without one a proxy stands in front. */
const listenFor = (host: string, port: string | null): string => {
  if (port === null) return `127.0.0.1:${DEFAULT_PORT}`
  if (host === 'localhost') return `127.0.0.1:${port}`
  return `0.0.0.0:${port}`
}

/** Writes the settings, then makes the first Space and administrator. Running it again changes what is given. */
const setup = async (options: Options): Promise<void> => {
  const written =
    options.host ??
    (await ask('Host under which phones reach this server (with :port if not behind a proxy)', '--host'))
  const { host, port } = splitHost(written)
  const fallback =
    isIpAddress(host) || host === 'localhost' ? host : host.replace(/^(accounts?|sip|provisioning)\./, '')
  const domain = options.domain ?? (isInteractive() ? await ask('SIP domain', '--domain', fallback) : fallback)
  const name = options.name ?? (isInteractive() ? await ask('Name', '--name', domain) : domain)
  const password = options.passwordStdin === true ? await readLine() : options.password
  const listen = options.listen ?? listenFor(host, port)

  const { config } = loadSettings({ ...options, quiet: true })
  const file = resolve(options.envFile ?? join(config.DATA_DIR, 'env'))
  const lines = [
    '# Written by sipkeeper setup.',
    `APP_ROOT_HOST=${host}`,
    `LISTEN=${listen}`,
    `DATA_DIR=${config.DATA_DIR}`,
    ...(port === null ? [] : [`PUBLIC_SCHEME=http`, `PUBLIC_PORT=${port}`]),
    ...(config.DATABASE_URL === null ? [] : ['# DATABASE_URL stays where it is set now.']),
  ]
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600, flush: true })

  await withServices({ ...options, envFile: file }, async (opened) => {
    const welcome = await createFirst(opened, {
      host,
      domain,
      name,
      username: options.admin ?? 'admin',
      ...(password === undefined ? {} : { password }),
    })
    for (const code of (options.country ?? '').split(/[\s,]+/).filter(Boolean)) {
      await opened.parts.phoneCountries.activate(code)
    }
    const behindProxy = port === null ? { ...welcome, ...proxied(welcome, host) } : welcome
    printWelcome(opened.config, behindProxy)
    print(`Settings are in ${file}. Start the server with:\n\n  sipkeeper serve --env-file ${file}\n`)
  })
}

/** Behind a proxy people see its address, not ours. */
const proxied = (welcome: { baseUrl: string; provisioningUrl: string }, host: string) => {
  const baseUrl = `https://${host}`
  return { baseUrl, provisioningUrl: welcome.provisioningUrl.replace(welcome.baseUrl, baseUrl) }
}

export const setupCommand = (program: Command) =>
  program
    .command('setup')
    .option('--host <host[:port]>', 'host of the first Space; with a port, phones reach the server directly')
    .option('--domain <domain>', 'SIP domain')
    .option('--name <name>', 'name shown to people')
    .option('--admin <username>', 'first administrator', 'admin')
    .option('--password <password>', 'visible in the process list; better: --password-stdin')
    .option('--password-stdin', 'read the password from standard input; one is generated otherwise')
    .option('--listen <address>', 'where to listen')
    .option('--country <codes>', 'accept phone numbers of these countries, such as FR,DE')
    .description('configure a real host: settings, first Space, first administrator')
    .action((_options, command: Command) => setup(command.optsWithGlobals()))
