import type { Argument, Command, Option } from 'commander'

/** What comes next on a command line, where it is a value. */
export interface Value {
  /** As help names it: `sip_domain`. */
  readonly name: string
  readonly choices: readonly string[]
  readonly isFile: boolean
}

export interface DescribedOption {
  /** `--json`, and `-q` before it where there is one. */
  readonly names: readonly string[]
  /** null: it takes none. */
  readonly value: Value | null
  readonly description: string
  readonly fallback: string | null
}

export interface DescribedArgument extends Value {
  readonly description: string
  readonly isOptional: boolean
  readonly isRepeated: boolean
}

export interface DescribedCommand {
  /** The name first, then what else it is called. */
  readonly names: readonly string[]
  readonly description: string
  readonly arguments: readonly DescribedArgument[]
  readonly options: readonly DescribedOption[]
}

export interface CommandTree {
  readonly name: string
  readonly description: string
  /** What every command takes. */
  readonly options: readonly DescribedOption[]
  readonly commands: readonly DescribedCommand[]
}

const FILE = /\b(?:file|folder|dir|output)\b/

const HELP: DescribedOption = { names: ['-h', '--help'], value: null, description: 'print this help', fallback: null }

const described = (option: Option): DescribedOption => {
  const { short, long, flags, description, argChoices, defaultValue } = option
  const name = /[<[](.+?)(?:\.\.\.)?[>\]]$/.exec(flags)?.[1]
  return {
    names: [short, long].filter((one) => one !== undefined),
    value: name === undefined ? null : { name, choices: argChoices ?? [], isFile: FILE.test(name) },
    description,
    fallback: typeof defaultValue === 'string' ? defaultValue : null,
  }
}

const argument = (one: Argument): DescribedArgument => ({
  name: one.name(),
  choices: one.argChoices ?? [],
  isFile: FILE.test(one.name()),
  description: one.description,
  isOptional: !one.required,
  isRepeated: one.variadic,
})

/** The commands as completion and the manual page need them: all that they say of themselves, and nothing else. */
export const commandTree = (program: Command): CommandTree => ({
  name: program.name(),
  description: program.description(),
  options: [...program.options.map(described), HELP],
  commands: program.commands.map((command) => ({
    names: [command.name(), ...command.aliases()],
    description: command.description(),
    arguments: command.registeredArguments.map(argument),
    options: command.options.map(described),
  })),
})
