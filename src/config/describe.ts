import type { Sources } from './config.ts'
import { type SettingName, settingNames, settings } from './settings.ts'

export interface SettingRow {
  readonly name: SettingName
  /** As an operator would write it; empty when unset. */
  readonly value: string
  readonly source: string
  /** Somebody has set it, and to something else than what it is when unset. */
  readonly differs: boolean
}

/** What `config:show` prints. A secret is `***` unless `secrets` asks for it. */
export const describeConfig = (sources: Sources, { secrets }: { readonly secrets: boolean }): readonly SettingRow[] =>
  settingNames.map((name) => {
    const { text, from } = sources[name]
    const masked = settings[name].kind.secret && !secrets && text !== null && text !== ''
    const differs = from !== 'default' && (text ?? '') !== (settings[name].fallback ?? '')
    return { name, value: masked ? '***' : (text ?? ''), source: from, differs }
  })
