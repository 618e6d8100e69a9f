import { type Command, Option } from 'commander'
import { DTMF_PROTOCOLS, NewAccountOnPage } from '../accounts/accounts/rules.ts'
import { ALGORITHMS, refuseWithoutPasswords } from '../accounts/passwords/rules.ts'
import { read } from '../http/input.ts'
import { addressOfRecord, parseAddressOfRecord } from '../protocols/sip-address.ts'
import { type AccountOptions, accountJson, SECRETS, SPACE, spaceNamed } from './account.ts'
import { setUpUrl, showCode } from './account-qr.ts'
import { commandVisit } from './command-visit.ts'
import { type Opened, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { chosenPassword, generatedPassword, type PasswordOptions, withPasswordOptions } from './password.ts'
import { print, warn } from './terminal.ts'

interface Options extends AccountOptions, PasswordOptions {
  readonly displayName?: string
  readonly email?: string
  readonly phone?: string
  readonly dtmfProtocol?: string
  readonly algorithm?: string
  readonly admin?: boolean
  readonly inactive?: boolean
  readonly mail?: boolean
  readonly qr?: boolean
}

/** What the new account is called, and where. */
const placeOf = (reference: string, named: string | undefined): { username: string; domain: string } => {
  const address = parseAddressOfRecord(reference)
  const domain = address?.domain ?? named?.toLowerCase()
  if (domain === undefined) {
    throw new CommandError(`Where? Write ${reference}@domain, or name the Space with --space.`, EXIT.usage)
  }
  if (named !== undefined && domain !== named.toLowerCase()) {
    throw new CommandError(`${reference} would not be in the Space ${named}.`, EXIT.usage)
  }
  return { username: address?.user ?? reference, domain }
}

const create = async (opened: Opened, reference: string, options: Options, given: string | undefined) => {
  const { config, parts } = opened
  const { username, domain } = placeOf(reference, options.space)
  const space = await spaceNamed(opened, domain)
  if (given !== undefined) refuseWithoutPasswords(space)
  const generated = given === undefined && space.digest !== null ? generatedPassword(opened) : undefined
  const password = (given ?? generated ?? null) || null
  const input = read(NewAccountOnPage, {
    username,
    password,
    password_confirmation: password,
    makes_password: space.digest === null,
    algorithm: options.algorithm ?? null,
    email: options.email ?? null,
    phone: options.phone ?? null,
    display_name: options.displayName ?? null,
    dtmf_protocol: options.dtmfProtocol ?? null,
    activated: options.inactive !== true,
    admin: options.admin === true,
    mails: options.mail === true,
  })
  const made = await parts.accounts.createOnPage(commandVisit(config, space), input)
  return { ...made, generated }
}

export const accountCreateCommand = (program: Command) => {
  const command = program
    .command('accounts:create')
    .argument('<account>', 'user@domain, or with --space the user name')
    .option('--space <sip_domain>', SPACE)
    .option('--display-name <name>', 'as others see it')
    .option('--email <address>', 'e-mail address')
    .option('--phone <number>', 'in international form, such as +33612345678')
    .addOption(new Option('--dtmf-protocol <name>', 'how it sends tones').choices(DTMF_PROTOCOLS))
    .addOption(
      new Option('--algorithm <name>', 'of its password, where the Space has none of its own').choices(ALGORITHMS),
    )
    .option('--admin', 'make it an administrator of its Space')
    .option('--inactive', 'it waits until its phone is set up, or a code confirms it')
    .option('--mail', 'send a link that sets up its phone to its e-mail address')
    .option('--qr', 'show the QR code that sets up its phone')
  withPasswordOptions(command)
    .option('--json', 'print one JSON object')
    .option('--secrets', SECRETS)
    .description('create an account; without a password one is made, and printed this once')
    .action(async (reference: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      placeOf(reference, options.space)
      const given = await chosenPassword(options)
      await withServices(options, async (opened) => {
        const { account, space, generated } = await create(opened, reference, options, given)
        const shown = generated === undefined ? {} : { password: generated }
        if (options.json === true) {
          return print(JSON.stringify({ ...accountJson(opened, { account, space }, options.secrets), ...shown }))
        }
        print(`Account ${addressOfRecord(account)} (id ${account.id})`)
        if (generated !== undefined) print(`Password: ${generated}`)
        if (space.digest === null) warn('It has no password: its Space stores none.')
        if (options.qr === true) showCode(setUpUrl(opened, { account, space }) ?? '')
      })
    })
}
