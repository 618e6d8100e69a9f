import type { VNode } from 'preact'
import type { Config } from '../config/config.ts'
import type { Db } from '../db/db.ts'
import type { Logging } from '../logging/logging.ts'
import type { Secrets } from '../secrets.ts'

type Form = Readonly<Record<string, unknown>>

/** Tells people from programs before a form is accepted. */
export interface Captcha {
  /** The field that refusals are reported under. */
  readonly field: string
  /** What stands inside the form. `subject` names what the answer is good for, and it is good for that once. */
  widget(subject: string): Promise<VNode | null>
  /** Origins that the widget loads from; empty when everything is ours. */
  readonly foreign: readonly string[]
  /** The asset of ours that solves it, if any. */
  readonly script: string | null
  verify(form: Form, subject: string, address: string): Promise<boolean>
}

export interface CaptchaDeps {
  readonly config: Config
  readonly db: Db
  readonly secrets: Secrets
  readonly log: Logging
  readonly now: () => Date
}
