import { type Command, Option } from 'commander'
import type { NamedKey } from '../access/api-keys/named-keys.ts'
import { ChangedApiKey, NewApiKey } from '../access/api-keys/rules.ts'
import { keyWire } from '../access/api-keys/wire.ts'
import { read } from '../http/input.ts'
import { KEY_SCOPES } from '../nouns/caller.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { table } from './table.ts'
import { print } from './terminal.ts'

interface CreateOptions extends GlobalOptions {
  readonly account: string
  readonly scope: string
  readonly idleMinutes?: string
  readonly ends?: string
  readonly network: readonly string[]
  readonly json?: boolean
}

interface ListOptions extends GlobalOptions {
  readonly domain?: string
  readonly account?: string
  readonly json?: boolean
}

const HEADINGS = ['id', 'name', 'account', 'scope', 'begins with', 'networks', 'idle minutes', 'ends', 'last used']

const asRow = (key: NamedKey): string[] => {
  const { networks, expires_after_last_used_minutes: idle, last_used_at: lastUsedAt, expire_at: end } = keyWire(key)
  const where = networks.length === 0 ? 'everywhere' : networks.join(' ')
  const life = [idle === 0 ? 'any' : String(idle), end ?? 'never', lastUsedAt ?? 'never']
  return [String(key.id), key.name, addressOfRecord(key.owner), key.scope, key.prefix ?? '', where, ...life]
}

const create = async (name: string, options: CreateOptions): Promise<void> => {
  const members = {
    name,
    scope: options.scope,
    networks: options.network.length === 0 ? null : options.network,
    expires_after_last_used_minutes: options.idleMinutes ?? null,
    expire_at: options.ends ?? null,
  }
  await withServices(options, async ({ parts }) => {
    const { key, named } = await parts.namedKeys.createFor(options.account, read(NewApiKey, members))
    if (options.json === true) print(JSON.stringify({ ...keyWire(named), key }))
    else print(`API key ${named.id} of ${addressOfRecord(named.owner)}, shown this once: ${key}`)
  })
}

const idOf = (text: string): number => {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (id === 0) throw new CommandError(`"${text}" is no number of a key; api-keys:list shows them.`, EXIT.usage)
  return id
}

const several = (network: string, before: readonly string[]): string[] => [...before, network]

export const apiKeysCommands = (program: Command) => {
  program
    .command('api-keys:create')
    .argument('<name>', 'what people call the program that gets it')
    .requiredOption('--account <account>', 'whose key: id, or user@domain')
    .addOption(new Option('--scope <scope>', 'what it may be used for').choices(KEY_SCOPES).default('read'))
    .option('--network <network>', 'where it works from, such as 10.0.0.0/8; again for more', several, [])
    .option('--idle-minutes <minutes>', 'it dies when it was not used for so long; 0: never')
    .option('--ends <date>', 'it dies then, however much it is used')
    .option('--json', 'print one JSON object')
    .description('make an API key for a program, and print it this once')
    .action((name: string, _options, command: Command) => create(name, command.optsWithGlobals<CreateOptions>()))

  program
    .command('api-keys:list')
    .option('--domain <domain>', 'only those of accounts of this SIP domain')
    .option('--account <account>', 'only those of this account: id, or user@domain')
    .option('--json', 'print one JSON array')
    .description('list the API keys that have a name')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      await withServices(options, async ({ parts }) => {
        const filter = { domain: options.domain ?? null, account: options.account ?? null }
        const keys = await parts.namedKeys.all(filter)
        print(options.json === true ? JSON.stringify(keys.map(keyWire)) : table([HEADINGS, ...keys.map(asRow)]))
      })
    })

  program
    .command('api-keys:rename')
    .argument('<id>', 'as api-keys:list shows it')
    .argument('<name>', 'what people call the program that has it')
    .description('give an API key another name; it goes on working')
    .action(async (text: string, name: string, _options, command: Command) => {
      const id = idOf(text)
      await withServices(command.optsWithGlobals<GlobalOptions>(), async ({ parts }) => {
        const named = await parts.namedKeys.rename(id, read(ChangedApiKey, { name }))
        print(`API key ${named.id} of ${addressOfRecord(named.owner)} is called ${named.name} now.`)
      })
    })

  program
    .command('api-keys:revoke')
    .argument('<id>', 'as api-keys:list shows it')
    .description('end an API key that has a name')
    .action(async (text: string, _options, command: Command) => {
      const id = idOf(text)
      await withServices(command.optsWithGlobals<GlobalOptions>(), async ({ parts }) => {
        const { name, owner } = await parts.namedKeys.end(id)
        print(`${name}, a key of ${addressOfRecord(owner)}, works no more.`)
      })
    })
}
