import type { Command } from 'commander'
import { describeConfig } from '../config/describe.ts'
import { type GlobalOptions, loadSettings } from './context.ts'
import { print } from './terminal.ts'

export const configShowCommand = (program: Command) =>
  program
    .command('config:show')
    .option('--secrets', 'show secrets as they are')
    .option('--json', 'print one JSON object')
    .description('print the settings in force and where they come from, those that differ from the defaults first')
    .action((_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { secrets?: boolean; json?: boolean }>()
      const rows = describeConfig(loadSettings(options).sources, { secrets: options.secrets === true })
      if (options.json === true) {
        print(JSON.stringify(Object.fromEntries(rows.map(({ name, value, source }) => [name, { value, source }]))))
        return
      }
      for (const { name, value, source } of rows) print(`${name}=${value}  # ${source}`)
    })
