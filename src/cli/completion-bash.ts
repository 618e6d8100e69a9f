import type { CommandTree, DescribedOption, Value } from './command-tree.ts'

const named = (options: readonly DescribedOption[]): string[] => options.flatMap(({ names }) => names)

const takingValues = (options: readonly DescribedOption[]) => options.filter(({ value }) => value !== null)

/** One branch of a `case`: what is printed where the word is one of these. */
const branch = (words: readonly string[], printed: string): string =>
  `    ${words.map((word) => `'${word}'`).join('|')}) echo '${printed}' ;;`

/** What the shell is told of a value: its choices; `@file`: any file; nothing: anything. */
const hint = ({ isFile, choices }: Value): string => (isFile ? '@file' : choices.join(' '))

const valueBranches = ({ commands, options }: CommandTree): string[] => [
  ...commands.flatMap((command) => [
    ...takingValues(command.options).flatMap(({ names, value }) =>
      value === null || hint(value) === ''
        ? []
        : [
            branch(
              names.flatMap((name) => command.names.map((one) => `${one} ${name}`)),
              hint(value),
            ),
          ],
    ),
    ...command.arguments.flatMap((argument, position) =>
      hint(argument) === ''
        ? []
        : [
            branch(
              command.names.map((one) => `${one} ${position}`),
              hint(argument),
            ),
          ],
    ),
  ]),
  // The name of a command may stand before them, or not yet.
  ...takingValues(options).flatMap(({ names, value }) =>
    value === null ? [] : [`    ${names.map((name) => `*' ${name}'`).join('|')}) echo '${hint(value)}' ;;`],
  ),
]

/**
 * For bash 3.2 and later, without the package bash-completion. Bash breaks words at colons and equals signs, which stand in
 * ours: words are read off the line, and what bash counts as written already is cut off what is offered.
 */
export const bashCompletion = (
  tree: CommandTree,
): string => `# bash completion of sipkeeper; made by: sipkeeper completion bash

_sipkeeper_options() {
  case $1 in
${tree.commands
  .filter(({ options }) => options.length > 0)
  .map(({ names, options }) => branch(names, named(options).join(' ')))
  .join('\n')}
  esac
  echo '${named(tree.options).join(' ')}'
}

_sipkeeper_takes_value() {
  case $1 in
${tree.commands
  .filter(({ options }) => takingValues(options).length > 0)
  .map(({ names, options }) =>
    branch(
      names.flatMap((name) => named(takingValues(options)).map((option) => `${name} ${option}`)),
      'yes',
    ),
  )
  .join('\n')}
${takingValues(tree.options)
  .map(({ names }) => `    ${names.map((name) => `*' ${name}'`).join('|')}) echo 'yes' ;;`)
  .join('\n')}
  esac
}

_sipkeeper_values() {
  case $1 in
${valueBranches(tree).join('\n')}
  esac
}

_sipkeeper() {
  local line=\${COMP_LINE:0:COMP_POINT} current='' command='' waiting='' offered='' before='' position=0 i word IFS=$' \\t\\n'
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] || current=\${words[\${#words[@]} - 1]}
  local last=\${#words[@]}
  [[ -n $current ]] && ((last--))
  for ((i = 1; i < last; i++)); do
    word=\${words[i]}
    if [[ -n $waiting ]]; then
      waiting=''
    elif [[ $word == -* ]]; then
      [[ -n $(_sipkeeper_takes_value "$command $word") ]] && waiting=$word
    elif [[ -z $command ]]; then
      command=$word
    else
      ((position++))
    fi
  done
  COMPREPLY=()
  if [[ -n $waiting ]]; then
    offered=$(_sipkeeper_values "$command $waiting")
  elif [[ $current == --*=* ]]; then
    before=\${current%%=*}=
    offered=$(_sipkeeper_values "$command \${before%=}")
    current=\${current#*=}
  elif [[ $current == -* ]]; then
    offered=$(_sipkeeper_options "$command")
  elif [[ -z $command || ( $command == help && $position == 0 ) ]]; then
    offered='${[...tree.commands.flatMap(({ names }) => names), 'help'].join(' ')}'
  else
    offered=$(_sipkeeper_values "$command $position")
  fi
  # Nothing offered: bash offers files.
  [[ $offered == @file ]] && return
  compopt +o default 2>/dev/null
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
  if [[ -n $before && $COMP_WORDBREAKS != *=* ]]; then
    COMPREPLY=("\${COMPREPLY[@]/#/$before}")
  elif [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${current%"\${current##*:}"}"}")
  fi
}

complete -o default -F _sipkeeper sipkeeper`
