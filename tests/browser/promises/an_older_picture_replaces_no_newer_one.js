const { Pictures } = await part("dashboard/job/pictures.js");
const [pictures, come] = [new Pictures(), {}];
const image = (index) => ({ index, role: "final", ready: true, href: `${index}`, sha256: `${index}` });
pictures.album.picture = ({ href }) => new Promise((resume) => (come[href] = () => resume({ url: `data:,${href}` })));
pictures.show({ status: "succeeded", request: {}, images: [image(0), image(1)] });
pictures.choice.children[1].click();
for (const href of ["1", "0"]) (come[href](), await new Promise((resume) => setTimeout(resume)));
const shown = [...pictures.stand.querySelectorAll("img")].map((one) => one.src);
expect(shown.join() === "data:,1", `the one that was chosen last is shown, not ${shown}`);
