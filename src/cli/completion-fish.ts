import type { CommandTree, DescribedArgument, DescribedOption, Value } from './command-tree.ts'

const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`

const offer = (value: Value | null): string => {
  if (value === null) return ''
  if (value.isFile) return ' -r -F'
  return value.choices.length > 0 ? ` -x -a ${quoted(value.choices.join(' '))}` : ' -x'
}

const option = (condition: string, { names, value, description }: DescribedOption): string => {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  return `complete -c sipkeeper${condition} ${flags.join(' ')}${offer(value)} -d ${quoted(description)}`
}

const argument = (condition: string, { isFile, choices }: DescribedArgument): string[] =>
  isFile
    ? [`complete -c sipkeeper${condition} -F`]
    : choices.length > 0
      ? [`complete -c sipkeeper${condition} -f -a ${quoted(choices.join(' '))}`]
      : []

/** For fish 3: a file `sipkeeper.fish` in a folder of completions, or sourced. */
export const fishCompletion = (tree: CommandTree): string => {
  const valued = tree.options.flatMap(({ names, value }) => (value === null ? [] : names))
  const none = ` -n 'not __sipkeeper_command >/dev/null'`
  const commands = tree.commands.flatMap(({ names, description, options, arguments: all }) =>
    names.flatMap((name) => {
      const condition = ` -n '__sipkeeper_is ${name}'`
      return [
        `complete -c sipkeeper${none} -a ${quoted(name)} -d ${quoted(description)}`,
        ...options.map((one) => option(condition, one)),
        ...all.flatMap((one) => argument(condition, one)),
      ]
    }),
  )
  return `# fish completion of sipkeeper; made by: sipkeeper completion fish

# The command that is written already; fails where there is none.
function __sipkeeper_command
  set -l words (commandline -opc)
  set -e words[1]
  while set -q words[1]
    switch $words[1]
      case ${valued.join(' ')}
        set -e words[1]
      case '-*'
      case '*'
        echo $words[1]
        return 0
    end
    set -e words[1]
  end
  return 1
end

function __sipkeeper_is
  string match -q -- $argv[1] (__sipkeeper_command)
end

complete -c sipkeeper -f
${tree.options.map((one) => option('', one)).join('\n')}
${commands.join('\n')}
complete -c sipkeeper${none} -a help -d 'print the help of a command'
complete -c sipkeeper -n '__sipkeeper_is help' -a ${quoted(tree.commands.flatMap(({ names }) => names).join(' '))}`
}
