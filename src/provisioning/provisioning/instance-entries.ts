import { readFileSync } from 'node:fs'
import type { Config } from '../../config/config.ts'
import type { Logging } from '../../logging/logging.ts'
import { type IniDocument, parseIni } from '../../protocols/ini.ts'

/**
 * What `ACCOUNT_PROVISIONING_RC_FILE` adds to every document; null: nothing. A missing file is an empty base document
 * (behaviour/provisioning.md §7.4).
 */
export const readInstanceEntries = (config: Config, log: Logging): IniDocument | null => {
  const file = config.ACCOUNT_PROVISIONING_RC_FILE
  if (file === null) return null
  try {
    return parseIni(readFileSync(file, 'utf8'))
  } catch (error) {
    log.app.warn('ACCOUNT_PROVISIONING_RC_FILE cannot be read; its entries are not served', { file, error })
    return null
  }
}
