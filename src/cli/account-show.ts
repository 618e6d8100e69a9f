import { type Command, Option } from 'commander'
import { ROLES, type Sought, STATES } from '../accounts/accounts/accounts.ts'
import { ListedAccounts } from '../accounts/accounts/listing.ts'
import { read } from '../http/input.ts'
import { isoMoment } from '../http/moment.ts'
import { everySpace, realmOf, type Scope } from '../nouns/space.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import {
  ACCOUNT,
  type AccountOptions,
  accountJson,
  type Named,
  SECRETS,
  SPACE,
  spaceNamed,
  stateOf,
  withAccount,
} from './account.ts'
import { setUpUrl } from './account-qr.ts'
import { type Opened, withServices } from './context.ts'
import { facts, growingTable } from './table.ts'
import { print, printLines } from './terminal.ts'

interface ListOptions extends AccountOptions {
  readonly search?: string
  readonly state?: string
  readonly role?: string
  readonly list?: string
  readonly setUp?: string
}

/** Accounts that are read at a time; as many decide how wide the columns are. */
const PAGE = 200

const HEADINGS = ['id', 'account', 'display name', 'state', 'role', 'e-mail', 'phone']

const soughtBy = ({ search, state, role, list, setUp }: ListOptions): Sought => {
  const input = read(ListedAccounts, {
    search: search ?? null,
    state: state ?? null,
    role: role ?? null,
    contacts_list_id: list ?? null,
    set_up: setUp === undefined ? null : setUp === 'yes' ? true : setUp === 'no' ? false : setUp,
  })
  const { contacts_list_id: listId, set_up: isSetUp, ...kept } = input.settle()
  return { search: kept.search, state: kept.state, role: kept.role, list: listId, setUp: isSetUp }
}

const rows = async function* ({ parts }: Opened, scope: Scope, sought: Sought): AsyncIterable<string> {
  const table = growingTable(HEADINGS, { firm: ['id', 'account', 'state', 'role'] })
  let isEmpty = true
  for await (const page of parts.accounts.pages(scope, sought, PAGE)) {
    isEmpty = false
    yield table.add(
      page.map((account) => [
        String(account.id),
        addressOfRecord(account),
        account.displayName ?? '',
        stateOf(account),
        account.admin ? 'admin' : 'account',
        account.email ?? '',
        account.phone ?? '',
      ]),
    )
  }
  if (isEmpty) yield 'There is none.'
}

const lines = async function* ({ parts }: Opened, scope: Scope, sought: Sought, secrets: boolean) {
  const wire = secrets ? parts.wire : parts.wire.discreet
  for await (const page of parts.accounts.pages(scope, sought, PAGE)) {
    for (const account of page) {
      const space = await parts.spaces.byDomain(account.domain)
      if (space !== null) yield JSON.stringify(wire.listed(account, space))
    }
  }
}

const entriesOf = (dictionary: Readonly<Record<string, string>>): string =>
  Object.entries(dictionary)
    .map(([key, value]) => `${key}=${value.replaceAll('\n', ' ')}`)
    .join('\n')

/** For people; what opens the account only where that was asked for. */
const asFacts = (opened: Opened, { account, space }: Named, secrets: boolean): string => {
  const wire = accountJson(opened, { account, space }, secrets)
  const codeOf = (change: { readonly code?: string | undefined } | null) => change?.code ?? null
  return facts([
    ['id', String(account.id)],
    ['account', addressOfRecord(account)],
    ['display name', account.displayName],
    ['e-mail', account.email],
    ['phone', account.phone],
    ['state', stateOf(account)],
    ['role', account.admin ? (space.super ? 'super administrator' : 'administrator') : 'account'],
    ['passwords', account.algorithms.join(', ') || 'none'],
    ['realm', realmOf(space)],
    ['tones', account.dtmfProtocol],
    ['language', account.locale],
    ['types', account.types.map(({ key }) => key).join(', ')],
    ['actions', account.actions.map(({ key, code }) => `${key} (${code})`).join(', ')],
    ['dictionary', entriesOf(account.dictionary)],
    ['external account', account.hasExternalAccount ? 'yes' : null],
    ['call forwarding', account.hasCallForwardings ? 'yes' : null],
    ['made', isoMoment(account.createdAt)],
    ['made from', account.ipAddress],
    ['made by', account.userAgent],
    ['changed', isoMoment(account.updatedAt)],
    ['set-up link', secrets ? setUpUrl(opened, { account, space }) : null],
    ['e-mail code', codeOf(wire.email_change_code)],
    ['phone code', codeOf(wire.phone_change_code)],
  ])
}

export const accountShowCommands = (program: Command) => {
  program
    .command('accounts:list')
    .option('--space <sip_domain>', `${SPACE}; without it, of every Space`)
    .option('--search <text>', 'a part of the user name, display name, e-mail address or phone number')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .addOption(new Option('--role <role>', 'only those with this role').choices(ROLES))
    .option('--list <id>', 'only members of this contacts list')
    .addOption(new Option('--set-up <answer>', 'whether a phone was ever set up with it').choices(['yes', 'no']))
    .option('--json', 'print one JSON object a line')
    .option('--secrets', SECRETS)
    .description('list accounts, in the order of their ids')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      const sought = soughtBy(options)
      await withServices(options, async (opened) => {
        const scope =
          options.space === undefined ? everySpace('command line') : { space: await spaceNamed(opened, options.space) }
        const isJson = options.json === true
        await printLines(isJson ? lines(opened, scope, sought, options.secrets === true) : rows(opened, scope, sought))
      })
    })

  program
    .command('accounts:show')
    .argument('<account>', ACCOUNT)
    .option('--space <sip_domain>', SPACE)
    .option('--json', 'print one JSON object')
    .option('--secrets', SECRETS)
    .description('say what is known of an account')
    .action((reference: string, _options, command: Command) => {
      const options = command.optsWithGlobals<AccountOptions>()
      const secrets = options.secrets === true
      return withAccount(options, reference, async (named, opened) =>
        print(
          options.json === true ? JSON.stringify(accountJson(opened, named, secrets)) : asFacts(opened, named, secrets),
        ),
      )
    })
}
