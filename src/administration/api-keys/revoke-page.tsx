import type { NamedKey } from '../../access/api-keys/named-keys.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'

/** Before a key ends. */
export const revokeKeyPage = ({ t }: Kit, { key, path }: { key: NamedKey; path: string }): FormPage =>
  confirmPage({
    title: t('named_keys.revoke_title', { name: key.name }),
    lede: addressOfRecord(key.owner),
    above: [[t('named_keys.title'), path]],
    goes: [t('named_keys.revoke_goes')],
    stays: [t('named_keys.revoke_stays')],
    icon: 'ban',
    to: `${path}/${key.id}/delete`,
    button: t('named_keys.revoke'),
    cancel: [t('panel.cancel'), path],
    address: `${path}/${key.id}/delete`,
  })
