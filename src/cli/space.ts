import type { Command } from 'commander'
import { isoMoment, isoMomentOrNull } from '../http/moment.ts'
import { isExpired, realmOf, type Space } from '../nouns/space.ts'
import { GRACE_DAYS } from '../spaces/spaces/deletion.ts'
import { spaceWire } from '../spaces/spaces/wire.ts'
import { SPACE, spaceNamed } from './account.ts'
import { commandVisit } from './command-visit.ts'
import { type GlobalOptions, type Opened, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { facts, table } from './table.ts'
import { ask, isInteractive, print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly json?: boolean
}

interface Deletion extends Options {
  readonly now?: boolean
  readonly force?: boolean
  readonly yes?: boolean
}

const HEADINGS = ['SIP domain', 'host', 'name', 'state', 'accounts', 'most', 'administrators']

const stateOf = (space: Space, now: Date): string => {
  if (space.purgeAt !== null) return `deleted on ${isoMoment(space.purgeAt).slice(0, 10)}`
  if (isExpired(space, now)) return 'expired'
  return space.super ? 'super' : 'open'
}

const list = async ({ parts, world }: Opened, { json }: Options): Promise<void> => {
  const spaces = await parts.spaceAdministration.list()
  if (json === true) {
    for (const space of spaces) print(JSON.stringify(spaceWire(space)))
    return
  }
  if (spaces.length === 0) return print('There is none.')
  const figures = await parts.spaceFigures.all()
  const rows = spaces.map((space) => {
    const { accounts, administrators } = figures.of(space.domain)
    const { domain, host, name, maxAccounts } = space
    const most = maxAccounts === 0 ? '' : String(maxAccounts)
    return [domain, host, name, stateOf(space, world.now()), String(accounts), most, String(administrators)]
  })
  print(table([HEADINGS, ...rows]))
}

/** For people: what is set, and nothing of what is not. */
const asFacts = async ({ parts, world }: Opened, space: Awaited<ReturnType<typeof spaceNamed>>): Promise<string> => {
  const { of } = await parts.spaceFigures.all()
  const { accounts, administrators } = of(space.domain)
  const switches = Object.entries<unknown>(spaceWire(space)).filter(([, value]) => typeof value === 'boolean')
  const named = (wanted: boolean) => switches.flatMap(([name, value]) => (value === wanted ? name : [])).join('\n')
  return facts([
    ['SIP domain', space.domain],
    ['host', space.host],
    ['name', space.name],
    ['state', stateOf(space, world.now())],
    ['accounts', space.maxAccounts === 0 ? String(accounts) : `${accounts} of ${space.maxAccounts}`],
    ['administrators', String(administrators)],
    ['realm', space.digest === null ? 'stores no passwords' : realmOf(space)],
    ['algorithm', space.digest?.defaultPasswordAlgorithm ?? null],
    ['registrar', space.accountProxyRegistrarAddress],
    ['language', space.locale],
    ['expires', isoMomentOrNull(space.expireAt)],
    ['mail server', space.emailServer?.host ?? null],
    ['address books', space.carddavServers.map(({ uri }) => uri).join('\n')],
    ['on', named(true)],
    ['off', named(false)],
    ['made', isoMoment(space.createdAt)],
    ['changed', isoMoment(space.updatedAt)],
  ])
}

/** Whoever deletes a Space writes its SIP domain once more, or says `--force`. */
const assure = async (options: Deletion, { domain }: Space, accounts: number): Promise<void> => {
  if (options.force === true || options.yes === true) return
  if (!isInteractive(options)) {
    throw new CommandError('Nothing was done: without a terminal to ask on it needs --force.', EXIT.refused)
  }
  const when = options.now === true ? 'now, and for good' : `in ${GRACE_DAYS} days, and closed until then`
  const written = await ask(`${domain} with ${accounts} accounts is deleted ${when}. Write its SIP domain`, '')
  if (written !== domain) throw new CommandError('That is another one. Nothing was done.', EXIT.refused)
}

const remove = async (opened: Opened, domain: string, options: Deletion): Promise<void> => {
  const { parts, config } = opened
  const space = await spaceNamed(opened, domain)
  await assure(options, space, await parts.accounts.count(space))
  const visit = commandVisit(config, space)
  if (options.now === true) {
    await parts.spaceAdministration.remove(visit, null, space.domain)
    return print(
      options.json === true ? JSON.stringify({ deleted: space.domain }) : `Space ${space.domain} is deleted.`,
    )
  }
  const closed = await parts.spaceAdministration.close(visit, null, space.domain)
  const at = isoMomentOrNull(closed.purgeAt)
  if (options.json === true) return print(JSON.stringify({ domain: closed.domain, purge_at: at }))
  print(`Space ${closed.domain} is closed, and deleted on ${at}. Until then: sipkeeper spaces:restore ${closed.domain}`)
}

export const spaceCommands = (program: Command) => {
  program
    .command('spaces:list')
    .option('--json', 'print one JSON object a line')
    .description('list the Spaces')
    .action((_options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      return withServices(options, (opened) => list(opened, options))
    })
  program
    .command('spaces:show')
    .argument('<sip_domain>', SPACE)
    .option('--json', 'print one JSON object')
    .description('say what is known of a Space')
    .action((domain: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      return withServices(options, async (opened) => {
        const space = await spaceNamed(opened, domain)
        print(options.json === true ? JSON.stringify(spaceWire(space)) : await asFacts(opened, space))
      })
    })
  program
    .command('spaces:delete')
    .argument('<sip_domain>', SPACE)
    .option('--now', 'at once and for good, not in a week')
    .option('--force', 'do not ask')
    .option('--yes', 'the same')
    .option('--json', 'print one JSON object')
    .description(`close a Space, and delete it with all its accounts ${GRACE_DAYS} days later`)
    .action((domain: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Deletion>()
      return withServices(options, (opened) => remove(opened, domain, options))
    })
  program
    .command('spaces:restore')
    .argument('<sip_domain>', SPACE)
    .option('--json', 'print one JSON object')
    .description('keep a Space that was to be deleted, and open it again')
    .action((domain: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      return withServices(options, async (opened) => {
        const space = await spaceNamed(opened, domain)
        const kept = await opened.parts.spaceAdministration.reopen(commandVisit(opened.config, space), space.domain)
        print(options.json === true ? JSON.stringify(spaceWire(kept)) : `Space ${kept.domain} is open.`)
      })
    })
}
