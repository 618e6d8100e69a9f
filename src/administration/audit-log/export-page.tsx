import type { FormPage } from '../../panel/answers.tsx'
import { CurrentPasswordField } from '../../panel/components/fields.tsx'
import { Hidden } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Listing } from '../../panel/listing.ts'
import { AUDIT_PATH } from './audit-page.tsx'

/** Before what was chosen leaves as a file. */
export const auditExportPage = ({ t }: Kit, { listing }: { listing: Listing }): FormPage => ({
  title: t('audit.export_title'),
  lede: t('audit.export_why'),
  above: [[t('audit.title'), AUDIT_PATH]],
  to: `${AUDIT_PATH}/export`,
  button: t('audit.download'),
  icon: 'download',
  cancel: [t('panel.cancel'), AUDIT_PATH],
  address: listing.link({}),
  children: (
    <>
      {Object.entries(listing.chosen).map(([name, value]) => (
        <Hidden name={name} value={value} />
      ))}
      <CurrentPasswordField />
    </>
  ),
})
