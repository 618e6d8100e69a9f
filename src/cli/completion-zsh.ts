import type { CommandTree, DescribedCommand, DescribedOption, Value } from './command-tree.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** In a description of `_arguments` brackets and colons mean something. */
const plain = (text: string): string => text.replaceAll(/[\\[\]:]/g, String.raw`\$&`)

const action = ({ isFile, choices }: Value): string =>
  isFile ? '_files' : choices.length > 0 ? `(${choices.join(' ')})` : ' '

const optionSpecs = ({ names, value, description }: DescribedOption): string[] =>
  names.map((name) => {
    if (value === null) return quoted(`${name}[${plain(description)}]`)
    return quoted(
      `*${name}${name.startsWith('--') ? '=' : '+'}[${plain(description)}]:${plain(value.name)}:${action(value)}`,
    )
  })

const argumentSpecs = ({ arguments: all }: DescribedCommand): string[] =>
  all.map((one) => quoted(`${one.isRepeated ? '*' : ''}${one.isOptional ? ':' : ''}:${plain(one.name)}:${action(one)}`))

const branch = (command: DescribedCommand): string => {
  const specs = [...command.options.flatMap(optionSpecs), ...argumentSpecs(command)]
  return `        ${command.names.join('|')}) _arguments $everywhere ${specs.join(' ')} ;;`
}

/** For zsh: a file `_sipkeeper` in a folder of `fpath`, or sourced after `compinit`. */
export const zshCompletion = (tree: CommandTree): string => `#compdef sipkeeper
# zsh completion of sipkeeper; made by: sipkeeper completion zsh

_sipkeeper_commands() {
  local -a commands
  commands=(
${tree.commands
  .flatMap(({ names, description }) => names.map((name) => `    ${quoted(`${plain(name)}:${description}`)}`))
  .join('\n')}
    'help:print the help of a command'
  )
  _describe -t commands command commands
}

_sipkeeper() {
  local curcontext="$curcontext" state
  local -a line everywhere
  everywhere=(${tree.options.flatMap(optionSpecs).join(' ')})
  _arguments -C $everywhere '1:command:_sipkeeper_commands' '*::argument:->rest'
  case $state in
    rest)
      case $words[1] in
${tree.commands.map(branch).join('\n')}
        help) _arguments '1:command:_sipkeeper_commands' ;;
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _sipkeeper ]]; then
  _sipkeeper "$@"
else
  compdef _sipkeeper sipkeeper
fi`
