import type { Command } from 'commander'
import { SYSTEM_DATA_DIRECTORY, SYSTEM_ENV_FILE } from '../config/config.ts'
import { groups, type Setting } from '../config/settings.ts'
import { commandTree, type DescribedArgument, type DescribedCommand, type DescribedOption } from './command-tree.ts'
import { EXAMPLES } from './examples.ts'
import { EXIT_MEANINGS } from './exit.ts'
import { sentence } from './help.ts'
import { print } from './terminal.ts'
import { VERSION } from './version.ts'

/** Text of roff, man(7): backslashes are its own, and so is a dot or an apostrophe that begins a line. */
const plain = (text: string): string =>
  text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll(
      /[^\x00-\x7f]/g,
      (letter) => String.raw`\[u${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replaceAll(/^(?=[.'])/gm, String.raw`\&`)

const bold = (text: string): string => String.raw`\fB${plain(text)}\fR`
const italic = (text: string): string => String.raw`\fI${plain(text)}\fR`

/** Filled anew when it is shown; its own lines are short, as is the custom. */
const paragraph = (text: string): string => plain(text.replaceAll(/(.{1,70})(?: |$)/g, '$1\n').trimEnd())

/** A tag, and what is said of it, indented. */
const item = (tag: string, said: string): string => `.TP\n${tag}\n${paragraph(said)}`

const option = ({ names, value, description, fallback }: DescribedOption): string => {
  const choices = value?.choices ?? []
  const written = names.map(bold).join(', ') + (value === null ? '' : ` ${italic(value.name)}`)
  const among = choices.length === 0 ? '' : ` (${choices.join(', ')})`
  const otherwise = fallback === null ? '' : `; ${fallback} by default`
  return item(written, sentence(`${description}${among}${otherwise}`))
}

const argument = ({ name, description, choices }: DescribedArgument): string =>
  item(italic(name), sentence(`${description}${choices.length === 0 ? '' : `: ${choices.join(', ')}`}`))

const asWritten = ({ name, isOptional, isRepeated }: DescribedArgument): string => {
  const written = italic(name) + (isRepeated ? ' ...' : '')
  return isOptional ? `[${written}]` : written
}

const examples = (name: string): string[] => [
  '.PP',
  '.nf',
  '.RS',
  ...(EXAMPLES[name] ?? []).map((one) => plain(`sipkeeper ${one}`)),
  '.RE',
  '.fi',
]

const section = ({ names, description, arguments: all, options }: DescribedCommand): string[] => [
  `.SS ${names.map(plain).join(', ')}`,
  [bold(names[0] ?? ''), ...(options.length > 0 ? ['[options]'] : []), ...all.map(asWritten)].join(' '),
  '.PP',
  paragraph(sentence(description)),
  ...all.map(argument),
  ...options.map(option),
  ...examples(names[0] ?? ''),
]

const setting = ([name, { kind, fallback, meaning }]: readonly [string, Setting<unknown>]): string => {
  const usual = fallback === null || fallback === '' ? '' : ` Default: ${fallback}.`
  return item(bold(name), `${meaning.replaceAll('`', '')}${kind.secret ? ' Secret.' : ''}${usual}`)
}

const settingSections = (): string[] =>
  Object.entries(groups).flatMap(([title, group]) => {
    const active = Object.entries<Setting<unknown>>(group).filter(([, { status }]) => status === 'active')
    return active.length === 0 ? [] : [`.SS ${plain(title)}`, ...active.map(setting)]
  })

/** sipkeeper(8) in the macros of man(7): equal commands and settings make equal bytes, so it has no date. */
const manualPage = (program: Command): string => {
  const tree = commandTree(program)
  return [
    `.TH SIPKEEPER 8 "" "sipkeeper ${VERSION}" "System administration"`,
    '.SH NAME',
    `sipkeeper \\- ${plain(tree.description.replace(/^A /, 'a ').replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    `${bold('sipkeeper')} [options] ${italic('command')} [${italic('arguments')} ...]`,
    '.SH DESCRIPTION',
    paragraph(
      'Keeps SIP accounts, sets phones up with them, and answers the HTTP API and the panel, in one executable.',
    ),
    paragraph(
      'Commands may run while the server does. Results go to standard output, everything else to standard error.',
    ),
    '.SH OPTIONS',
    'Every command takes these.',
    ...tree.options.map(option),
    '.SH COMMANDS',
    ...tree.commands.flatMap(section),
    '.SH EXIT STATUS',
    ...EXIT_MEANINGS.map(([code, meaning]) => item(bold(String(code)), sentence(meaning))),
    '.SH ENVIRONMENT',
    paragraph('Settings are read from the environment and from one file; config:show prints those in force.'),
    item(bold('NO_COLOR'), 'With any value, nothing is coloured.'),
    ...settingSections(),
    '.SH FILES',
    item(italic(SYSTEM_ENV_FILE), 'Settings of an installation.'),
    item(italic(SYSTEM_DATA_DIRECTORY), 'The database, the key, logos and voicemails.'),
    '.SH SEE ALSO',
    `${bold('systemctl')}(1), ${bold('journalctl')}(1)`,
  ].join('\n')
}

export const manCommand = (program: Command) =>
  program
    .command('man')
    .description('print the manual page, for man(1)')
    .action(() => print(manualPage(program)))
