import '@fontsource-variable/inter/wght.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@/ui/global.css';
import { createRoot } from 'react-dom/client';
import { App } from '@/app/App';
import { loadTelephone } from '@/call/sip';
import { sweepDrafts } from '@/lib/draft';

sweepDrafts();
void loadTelephone().catch(() => undefined);

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no root element');
createRoot(root).render(<App />);
