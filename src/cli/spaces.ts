import { type Command, Option } from 'commander'
import type { PasswordAlgorithm } from '../features/spaces/space.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly super?: boolean
  readonly realm?: string
  readonly algorithm?: PasswordAlgorithm
  readonly json?: boolean
}

export const spacesCommands = (program: Command) =>
  program
    .command('spaces:create-update')
    .argument('<sip_domain>', 'SIP domain of the Space')
    .argument('<host>', 'HTTP host that selects it')
    .argument('<name>', 'name shown to people')
    .option('--super', 'its administrators administer every Space')
    .option('--no-super', 'they do not')
    .option('--realm <realm>', 'digest realm; the SIP domain by default')
    .addOption(new Option('--algorithm <algorithm>', 'algorithm of new passwords').choices(['MD5', 'SHA-256']))
    .option('--json', 'print one JSON object')
    .description('create a Space, or change the one of that SIP domain')
    .action(async (domain: string, host: string, name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      // Commander makes `--no-super` the default's opposite; only what was written counts.
      const asSuper = command.getOptionValueSource('super') === 'cli' ? options.super : undefined
      await withServices(options, async ({ parts }) => {
        const { space, created } = await parts.spaceAdministration.upsert({
          domain,
          host,
          name,
          ...(asSuper === undefined ? {} : { super: asSuper }),
          ...(options.realm === undefined ? {} : { realm: options.realm }),
          ...(options.algorithm === undefined ? {} : { algorithm: options.algorithm }),
        })
        if (options.json === true) print(JSON.stringify({ domain: space.domain, host: space.host, created }))
        else print(`Space ${space.domain} on ${space.host} ${created ? 'created' : 'updated'}.`)
      })
    })
