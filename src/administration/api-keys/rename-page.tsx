import type { NamedKey } from '../../access/api-keys/named-keys.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'

/** What the form was made from: another of these, and it is stale. */
export const renamedFrom = ({ name }: NamedKey) => [name]

/** Another name for a key, which goes on working. */
export const renameKeyPage = ({ t }: Kit, { key, path }: { key: NamedKey; path: string }): FormPage => ({
  title: t('named_keys.rename_title', { name: key.name }),
  lede: addressOfRecord(key.owner),
  above: [[t('named_keys.title'), path]],
  to: `${path}/${key.id}`,
  button: t('named_keys.rename'),
  cancel: [t('panel.cancel'), path],
  address: `${path}/${key.id}/edit`,
  children: (
    <>
      <Version of={renamedFrom(key)} to={path} />
      <TextField
        name="name"
        label={t('named_keys.name')}
        hint={t('named_keys.rename_hint')}
        value={key.name}
        maxlength={100}
      />
    </>
  ),
})
