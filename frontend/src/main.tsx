import '@fontsource-variable/inter/wght.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@/ui/global.css';
import { createRoot } from 'react-dom/client';
import { App } from '@/app/App';
import { sweepDrafts } from '@/lib/draft';

sweepDrafts();

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no root element');
createRoot(root).render(<App />);
