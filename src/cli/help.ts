import type { Command } from 'commander'
import { EXAMPLES } from './examples.ts'
import { EXIT_MEANINGS } from './exit.ts'

/** Descriptions stand in lists without a capital and a full stop, and alone with them. */
export const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`

const exitCodes = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`).join('\n')

/** Help of every command ends alike: an example, then how it may end. */
export const explainEverywhere = (program: Command): void => {
  program.addHelpText('afterAll', `\nExit codes:\n${exitCodes}`)
  for (const command of program.commands) {
    const examples = EXAMPLES[command.name()] ?? []
    const lines = examples.map((one) => `  sipkeeper ${one}`)
    command.addHelpText('after', `\nExample${lines.length === 1 ? '' : 's'}:\n${lines.join('\n')}`)
  }
}
