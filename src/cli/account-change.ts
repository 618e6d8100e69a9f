import { type Command, Option } from 'commander'
import type { Found } from '../accounts/accounts/accounts.ts'
import { AdministeredPassword, ALGORITHMS } from '../accounts/passwords/rules.ts'
import { read } from '../http/input.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import type { Services } from '../services.ts'
import { ACCOUNT, type AccountOptions, type Named, SPACE, sayDone, withAccount } from './account.ts'
import { chosenPassword, generatedPassword, type PasswordOptions, withPasswordOptions } from './password.ts'
import { confirm, print } from './terminal.ts'

interface PasswordChange extends AccountOptions, PasswordOptions {
  readonly algorithm?: string
}

interface Deletion extends AccountOptions {
  readonly yes?: boolean
  readonly force?: boolean
}

interface Change {
  readonly name: string
  readonly description: string
  readonly done: string
  readonly make: (parts: Services, named: Named) => Promise<Found>
}

const CHANGES: readonly Change[] = [
  {
    name: 'block',
    description: 'block an account: nothing of it can be used until it is unblocked',
    done: 'is blocked.',
    make: ({ accounts }, { visit, account }) => accounts.block(visit, account.id),
  },
  {
    name: 'unblock',
    description: 'let a blocked account be used again; what was given out before works no more',
    done: 'is not blocked.',
    make: ({ accounts }, { visit, account }) => accounts.unblock(visit, account.id),
  },
  {
    name: 'activate',
    description: 'activate an account that waits, or was switched off',
    done: 'is active.',
    make: ({ accounts }, { visit, account }) => accounts.activate(visit, account.id),
  },
  {
    name: 'deactivate',
    description: 'switch an account off: only an administrator brings it back',
    done: 'is switched off.',
    make: ({ accounts }, { visit, account }) => accounts.deactivate(visit, account.id),
  },
]

const changeCommand = (program: Command, { name, description, done, make }: Change) =>
  program
    .command(`accounts:${name}`)
    .argument('<account>', ACCOUNT)
    .option('--space <sip_domain>', SPACE)
    .option('--json', 'print the account as one JSON object')
    .description(description)
    .action((reference: string, _options, command: Command) => {
      const options = command.optsWithGlobals<AccountOptions>()
      return withAccount(options, reference, async (named, opened) =>
        sayDone(opened, options, await make(opened.parts, named), done),
      )
    })

const passwordCommand = (program: Command) =>
  withPasswordOptions(
    program.command('accounts:password').argument('<account>', ACCOUNT).option('--space <sip_domain>', SPACE),
  )
    .addOption(new Option('--algorithm <name>', 'where the Space has none of its own').choices(ALGORITHMS))
    .option('--json', 'print one JSON object')
    .description('give an account another password; what the one before gave access to ends')
    .action(async (reference: string, _options, command: Command) => {
      const options = command.optsWithGlobals<PasswordChange>()
      const given = await chosenPassword(options)
      await withAccount(options, reference, async ({ visit, account }, opened) => {
        const password = (given ?? generatedPassword(opened)) || null
        const input = read(AdministeredPassword, {
          password,
          password_confirmation: password,
          algorithm: options.algorithm ?? null,
        })
        await opened.parts.accounts.setPassword(visit, account.id, input)
        const { id, username, domain } = account
        const shown = given === undefined ? { password } : {}
        if (options.json === true) return print(JSON.stringify({ id, username, domain, ...shown }))
        print(`${addressOfRecord(account)} has another password.`)
        if (given === undefined) print(`Password: ${password}`)
      })
    })

const deleteCommand = (program: Command) =>
  program
    .command('accounts:delete')
    .argument('<account>', ACCOUNT)
    .option('--space <sip_domain>', SPACE)
    .option('--yes', 'do not ask')
    .option('--force', 'the same')
    .option('--json', 'print one JSON object')
    .description('delete an account and all that belongs to it; its name stays reserved for a while')
    .action((reference: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Deletion>()
      return withAccount(options, reference, async ({ visit, space, account }, { parts }) => {
        const address = addressOfRecord(account)
        await confirm(options, `Delete ${address} (id ${account.id}) and all that belongs to it?`)
        await parts.accounts.remove(visit, space, account.id)
        const { id, username, domain } = account
        print(options.json === true ? JSON.stringify({ deleted: { id, username, domain } }) : `${address} is deleted.`)
      })
    })

export const accountChangeCommands = (program: Command) => {
  passwordCommand(program)
  for (const change of CHANGES) changeCommand(program, change)
  deleteCommand(program)
}
