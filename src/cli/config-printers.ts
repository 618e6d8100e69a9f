import { isIP } from 'node:net'
import { type Command, Option } from 'commander'
import { MOST_BYTES } from '../accounts/account-files/account-files.ts'
import type { Config } from '../config/config.ts'
import { type DatabaseLocation, databaseLocation } from '../config/database-location.ts'
import { type PasswordAlgorithm, realmOf, type Space } from '../nouns/space.ts'
import { caddyfile, type Front, haproxyConfiguration, nginxSite } from './config-front.ts'
import { kamailioConfiguration, type SipDomain } from './config-kamailio.ts'
import { asteriskConfiguration, flexisipConfiguration, freeswitchConfiguration } from './config-sip.ts'
import { coturnConfiguration } from './config-turn.ts'
import { type GlobalOptions, loadSettings, type Opened, withServicesOf } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print, warn } from './terminal.ts'

/** Room for the other fields of a form beside the longest file. */
const FORM_BYTES = 1_048_576

/** How proxies tell of client certificates. Nothing of ours listens yet: whoever does finds only what a proxy wrote. */
const CLIENT_CERTIFICATE = ['X-SSL-Client-Verify', 'X-SSL-Client-S-DN']

/** What is written into files of others, where a blank, a quote or a line break would begin something else. */
const plain = (name: string, value: string): string => {
  if (/^[\x21-\x7e]+$/.test(value) && !/["'\\;#{}$`]/.test(value)) return value
  throw new CommandError(
    `${name} cannot be printed: it may have no blanks, quotes, backslashes and none of ; # { } $.`,
    EXIT.usage,
  )
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

const address = (text: string): string => {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  const family = isIP(bare)
  if (family === 0) throw new CommandError(`${text} is no address.`, EXIT.usage)
  return family === 6 ? `[${bare}]` : bare
}

const portNumber = (option: string, text: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new CommandError(`${option} must be a port from 1 to 65535.`, EXIT.usage)
}

/** Both or none. */
const pairOf = ({ certificate, key }: TlsOptions) => {
  if ((certificate === undefined) !== (key === undefined)) {
    throw new CommandError('--certificate and --key go together.', EXIT.usage)
  }
  if (certificate === undefined || key === undefined) return null
  return { certificate: plain('--certificate', certificate), key: plain('--key', key) }
}

interface TlsOptions {
  readonly certificate?: string
  readonly key?: string
}

/** The Spaces of these names, or all. */
const chosen = async ({ parts }: Opened, names: readonly string[], of: 'domain' | 'host'): Promise<Space[]> => {
  const all = await parts.spaceAdministration.list()
  const unknown = names.filter((name) => !all.some((space) => space[of] === name))
  if (unknown.length > 0) throw new CommandError(`There is no Space ${unknown.join(', ')}.`, EXIT.notFound)
  if (all.length === 0) throw new CommandError('There is no Space yet.', EXIT.refused)
  return all.filter((space) => names.length === 0 || names.includes(space[of]))
}

const sipDomain = (space: Space): SipDomain => ({
  domain: plain('The SIP domain', space.domain),
  realm: plain('The realm', realmOf(space)),
})

/** What a server of that name reads. Asterisk has its own views, which its owner makes. */
const GRANTS = {
  kamailio: 'sip_credentials',
  freeswitch: 'sip_credentials',
  flexisip: 'accounts, passwords, external_accounts',
  asterisk: 'asterisk_auths, asterisk_aors, asterisk_endpoints',
} as const

/** The database as a SIP server reaches it: what is named, or ours, on PostgreSQL for a user of its own. */
const databaseFor = (config: Config, user: keyof typeof GRANTS, wished: string | undefined): DatabaseLocation => {
  const own = databaseLocation(config)
  if (own.kind === 'sqlite') {
    if (wished !== undefined)
      throw new CommandError('--database is for PostgreSQL; DATABASE_URL is not set.', EXIT.usage)
    return { kind: 'sqlite', file: plain('DATA_DIR', own.file) }
  }
  const url = URL.canParse(wished ?? own.url) ? new URL(wished ?? own.url) : null
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new CommandError('--database must be postgres://user:password@host/database.', EXIT.usage)
  }
  url.protocol = 'postgres:'
  url.search = ''
  if (wished === undefined) {
    url.username = user
    url.password = 'PASSWORD'
    warn(`In the database: create role ${user} login password '…'; grant select on ${GRANTS[user]} to ${user};`)
    warn('Put its password in the place of PASSWORD, or say --database.')
  }
  return { kind: 'postgres', url: plain('--database', url.href) }
}

interface SipOptions extends GlobalOptions, TlsOptions {
  readonly externalAddress?: string
  readonly database?: string
  readonly listen?: readonly string[]
  readonly algorithm?: PasswordAlgorithm
}

const withSpaces = (
  command: Command,
  domains: readonly string[],
  work: (spaces: readonly Space[], opened: Opened) => Promise<string>,
) => {
  const { config } = loadSettings(command.optsWithGlobals<GlobalOptions>())
  return withServicesOf(config, async (opened) => {
    print((await work(await chosen(opened, domains, 'domain'), opened)).trimEnd())
  })
}

/** MD5 where a Space says so, which is what any phone can. */
const algorithmOf = (spaces: readonly Space[]): PasswordAlgorithm =>
  spaces.every(({ digest }) => digest?.defaultPasswordAlgorithm === 'SHA-256') ? 'SHA-256' : 'MD5'

const kamailioListen = (text: string): string => {
  const [, transport, host, port] = /^(udp|tcp|tls):(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || port === undefined) {
    throw new CommandError(`--listen ${text}: write udp:192.0.2.1:5060, tcp:… or tls:….`, EXIT.usage)
  }
  return `${transport}:${address(host)}:${portNumber('--listen', port)}`
}

const sipCommands = (program: Command) => {
  const sip = (name: string, description: string) =>
    program
      .command(name)
      .argument('[sip_domains...]', 'SIP domains of Spaces; all by default')
      .option('--database <url>', 'PostgreSQL as the SIP server reaches it, with a user who may only read')
      .description(description)

  sip('config:kamailio', 'print a configuration of Kamailio for the accounts of Spaces')
    .option('--listen <address>', 'udp:192.0.2.1:5060, tcp:… or tls:…; again for more', collect)
    .option('--external-address <address>', 'as phones see it, behind a router or in a container')
    .option('--certificate <file>', 'certificate chain in PEM, for tls:…')
    .option('--key <file>', 'its private key in PEM')
    .addOption(
      new Option('--algorithm <algorithm>', 'what phones are asked for; MD5 unless every Space says SHA-256').choices([
        'MD5',
        'SHA-256',
      ]),
    )
    .action(async (domains: string[], _options, command: Command) => {
      const options = command.optsWithGlobals<SipOptions>()
      const tls = pairOf(options)
      const externalAddress = options.externalAddress === undefined ? null : address(options.externalAddress)
      const usual = ['udp:0.0.0.0:5060', 'tcp:0.0.0.0:5060', ...(tls === null ? [] : ['tls:0.0.0.0:5061'])]
      const listen = options.listen?.map(kamailioListen) ?? usual
      if (tls === null && listen.some((one) => one.startsWith('tls:'))) {
        throw new CommandError('tls:… needs --certificate and --key.', EXIT.usage)
      }
      await withSpaces(command, domains, async (spaces, { config, parts }) => {
        const algorithm = options.algorithm ?? algorithmOf(spaces)
        for (const space of spaces) {
          const count = await parts.spaceFigures.without(space, algorithm)
          if (count > 0)
            warn(`warning: ${count} accounts of ${space.domain} have no ${algorithm} password and cannot register.`)
        }
        const database = databaseFor(config, 'kamailio', options.database)
        return kamailioConfiguration({
          spaces: spaces.map(sipDomain),
          algorithm,
          database,
          listen,
          externalAddress,
          tls,
        })
      })
    })

  for (const [name, user, print, description] of [
    ['flexisip', 'flexisip', flexisipConfiguration, 'print what belongs into flexisip.conf for the accounts of Spaces'],
    [
      'asterisk',
      'asterisk',
      (_: unknown, database: DatabaseLocation) => asteriskConfiguration(database),
      'print views and files with which Asterisk reads accounts',
    ],
    [
      'freeswitch',
      'freeswitch',
      (_: unknown, database: DatabaseLocation) => freeswitchConfiguration(database),
      'print a script with which FreeSWITCH reads accounts',
    ],
  ] as const) {
    sip(`config:${name}`, description).action(async (domains: string[], _options, command: Command) => {
      const { database } = command.optsWithGlobals<SipOptions>()
      await withSpaces(command, domains, async (spaces, { config }) =>
        print(spaces.map(sipDomain), databaseFor(config, user, database)),
      )
    })
  }
}

interface TurnOptions extends GlobalOptions, TlsOptions {
  readonly listen?: readonly string[]
  readonly externalAddress?: string
  readonly privatePeers?: boolean
  readonly relayPorts: string
}

const portRange = (text: string): readonly [number, number] => {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? []
  const [from, to] = [portNumber('--relay-ports', first ?? ''), portNumber('--relay-ports', last ?? '')]
  if (from <= to) return [from, to]
  throw new CommandError('--relay-ports must be two ports such as 49152-65535.', EXIT.usage)
}

const coturnCommand = (program: Command) =>
  program
    .command('config:coturn')
    .option('--listen <address>', 'address of this machine; again for more, all by default', collect)
    .option('--external-address <address>', 'as phones see it, behind a router that translates addresses')
    .option('--relay-ports <from-to>', 'where media passes through', '49152-65535')
    .option('--private-peers', 'phones in private networks are reached too')
    .option('--certificate <file>', 'certificate chain in PEM, for TLS')
    .option('--key <file>', 'its private key in PEM')
    .description('print a configuration of coturn for the credentials that phones get')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<TurnOptions>()
      const tls = pairOf(options)
      const { config } = loadSettings(options)
      const { COTURN_SERVER_HOST: host, COTURN_STATIC_AUTH_SECRET: secret } = config
      if (host === null || secret === null) {
        throw new CommandError('Set COTURN_SERVER_HOST and COTURN_STATIC_AUTH_SECRET first.', EXIT.configuration)
      }
      const port = /^(?:\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(host)?.[1]
      const external = options.externalAddress
      const bare = (text: string) => address(text).replace(/^\[|\]$/g, '')
      const text = coturnConfiguration({
        secret: plain('COTURN_STATIC_AUTH_SECRET', secret),
        realm: plain('APP_ROOT_HOST', config.APP_ROOT_HOST),
        port: port === undefined ? 3478 : portNumber('The port of COTURN_SERVER_HOST', port),
        listen: options.listen?.map(bare) ?? [],
        externalAddress: external === undefined ? null : bare(external),
        relayPorts: portRange(options.relayPorts),
        tls,
        allowsPrivatePeers: options.privatePeers === true,
      })
      print(text.trimEnd())
    })

interface FrontOptions extends GlobalOptions, TlsOptions {
  readonly listen?: readonly string[]
  readonly httpsPort: string
  readonly httpPort: string
}

/** What keeps a proxy from being believed, or links from leading to it. */
const frontTroubles = ({ TRUSTED_PROXIES: trusted, PUBLIC_PORT: told }: Config, port: number): string[] => [
  ...(trusted.length > 0
    ? []
    : ['TRUSTED_PROXIES is empty, so nobody believes the proxy: set it to 127.0.0.1/32 for one on this machine.']),
  ...((told ?? 443) === port ? [] : [`Links lead to port ${told ?? 443}: set PUBLIC_PORT=${port}.`]),
]

const frontCommands = (program: Command) => {
  const front = (name: string, needs: 'both' | 'none' | 'one', make: (front: Front) => string, what: string) =>
    program
      .command(`config:${name}`)
      .argument('[hosts...]', 'HTTP hosts of Spaces; all by default')
      .option('--listen <address>', 'address of this machine; again for more, all by default', collect)
      .option('--https-port <port>', 'where it speaks HTTPS', '443')
      .option('--http-port <port>', 'where it leads to HTTPS', '80')
      .option(
        '--certificate <file>',
        needs === 'one' ? 'certificate chain and private key in one PEM' : 'certificate chain in PEM',
      )
      .option('--key <file>', 'its private key in PEM')
      .description(`print ${what} for the hosts of Spaces`)
      .action(async (hosts: string[], _options, command: Command) => {
        const options = command.optsWithGlobals<FrontOptions>()
        const { config } = loadSettings(options)
        if (config.TLS_CERT !== null) {
          throw new CommandError(
            'The server speaks TLS itself (TLS_CERT): a proxy in front speaks HTTP to it.',
            EXIT.refused,
          )
        }
        const { certificate, key } =
          needs === 'one' ? { certificate: options.certificate, key: undefined } : (pairOf(options) ?? {})
        if (certificate === undefined && needs !== 'none') {
          throw new CommandError(`Say --certificate${needs === 'both' ? ' and --key' : ''}.`, EXIT.usage)
        }
        const [https, http] = [
          portNumber('--https-port', options.httpsPort),
          portNumber('--http-port', options.httpPort),
        ]
        for (const trouble of frontTroubles(config, https)) warn(`warning: ${trouble}`)
        await withServicesOf(config, async (opened) => {
          const spaces = await chosen(opened, hosts, 'host')
          const text = make({
            hosts: spaces.map(({ host }) => plain('The host', host)),
            upstream: config.LISTEN,
            basePath: config.BASE_PATH,
            listen: options.listen?.map(address) ?? [],
            ports: { https, http },
            certificate: certificate === undefined ? null : plain('--certificate', certificate),
            key: key ?? null,
            mostBytes: Math.max(config.UPLOAD_MAX_BYTES, MOST_BYTES) + FORM_BYTES,
            privateHeaders: CLIENT_CERTIFICATE,
          })
          print(text.trimEnd())
        })
      })
  front('nginx', 'both', nginxSite, 'a site of nginx')
  front('caddy', 'none', caddyfile, 'a Caddyfile')
  front('haproxy', 'one', haproxyConfiguration, 'a configuration of HAProxy')
}

/** Configurations of the programs beside us, from what we are configured with. They change nothing. */
export const configPrinters = (program: Command) => {
  sipCommands(program)
  coturnCommand(program)
  frontCommands(program)
}
