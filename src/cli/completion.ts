import { Argument, type Command } from 'commander'
import { type CommandTree, commandTree } from './command-tree.ts'
import { bashCompletion } from './completion-bash.ts'
import { fishCompletion } from './completion-fish.ts'
import { zshCompletion } from './completion-zsh.ts'
import { print } from './terminal.ts'

const SCRIPTS: Readonly<Record<string, (tree: CommandTree) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

export const completionCommand = (program: Command) =>
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell that reads it').choices(Object.keys(SCRIPTS)))
    .description('print a script with which a shell completes commands, options and their values')
    .action((shell: string) => print(SCRIPTS[shell]?.(commandTree(program)) ?? ''))
