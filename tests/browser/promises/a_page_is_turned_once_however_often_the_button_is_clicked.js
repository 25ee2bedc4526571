const { pager } = await part("dashboard/pager.js");
const turned = [];
const pages = pager((cursor) => turned.push(cursor));
const [, older] = pages.node.querySelectorAll("button");
pages.show("a", 50);
for (let click = 0; click < 2; click++) older.click();
pages.show("b", 50);
older.click();
expect(turned.join() === "a,b", `the pages that were asked for: ${turned}`);
