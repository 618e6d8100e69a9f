import type { Command } from 'commander'
import { describeConfig, type SettingRow } from '../config/describe.ts'
import { groups } from '../config/settings.ts'
import { type GlobalOptions, loadSettings } from './context.ts'
import { print } from './terminal.ts'

const lineOf = ({ name, value, source }: SettingRow): string => `${name}=${value}  # ${source}`

/** What differs from the defaults, then the rest in the groups of docs/configuration.md; each under a comment. */
const grouped = (rows: readonly SettingRow[]): string => {
  const usual = Object.entries(groups).map(([title, group]) => ({
    title: `As by default: ${title}`,
    rows: rows.filter(({ name, differs }) => !differs && Object.hasOwn(group, name)),
  }))
  return [{ title: 'Other than the defaults', rows: rows.filter(({ differs }) => differs) }, ...usual]
    .filter((group) => group.rows.length > 0)
    .map((group) => [`# ${group.title}`, ...group.rows.map(lineOf)].join('\n'))
    .join('\n\n')
}

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
        print(JSON.stringify(Object.fromEntries(rows.map(({ name, ...known }) => [name, known]))))
        return
      }
      print(grouped(rows))
    })
