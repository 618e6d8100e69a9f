/** A program of the operator: the number is its argument, the text stands on its standard input. */

import { accessSync, constants } from 'node:fs'
import { demanded } from '../config/combinations.ts'
import { PermanentFailure } from '../outbox/messages.ts'
import { runProgram } from '../program.ts'
import type { ProviderDeps, SmsProvider } from './provider.ts'

/** EX_TEMPFAIL of sysexits.h. */
const TRY_AGAIN = 75

export function command({ config, limitMs }: ProviderDeps): SmsProvider {
  const program = demanded(config, 'SMS_COMMAND')
  return {
    name: 'command',
    async send({ to, text }) {
      const signal = AbortSignal.timeout(limitMs)
      const status = await runProgram([program, to], { signal, input: text }).catch(() => {
        throw new Error(signal.aborted ? 'not done in time' : 'it cannot be started')
      })
      if (status === TRY_AGAIN) throw new Error('exit status 75')
      if (status !== 0) throw new PermanentFailure(`exit status ${status}`)
    },
    async check() {
      try {
        accessSync(program, constants.X_OK)
        return { name: 'sms command', ok: true, detail: program }
      } catch {
        return { name: 'sms command', ok: false, detail: `${program} is missing or cannot be executed.` }
      }
    },
  }
}
