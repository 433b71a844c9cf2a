-- Neovim, headless: the command that estimates, as docs/editors/neovim.md has it for old versions.
--
-- Environment: SERVER (a JSON array: the command), TARGET (a script).

local decode = vim.json and vim.json.decode or vim.fn.json_decode

local function need(value, what)
  if not value then
    error("FAILED: " .. what, 0)
  end
  io.stdout:write("ok: " .. what .. "\n")
  return value
end

local function marked(code)
  for _, mark in ipairs(vim.diagnostic.get(0)) do
    local found = mark.code or (mark.user_data and mark.user_data.lsp and mark.user_data.lsp.code)
    if found == code then
      return true
    end
  end
end

local function run()
  vim.cmd("edit " .. vim.fn.fnameescape(vim.env.TARGET))
  local id = vim.lsp.start_client({
    name = "keras_memlint",
    cmd = decode(vim.env.SERVER),
    root_dir = vim.fn.fnamemodify(vim.env.TARGET, ":h"),
  })
  vim.lsp.buf_attach_client(0, id)
  need(vim.wait(20000, function() return marked("KM301") end, 20), "findings are marked")
  need(not marked("KM501"), "nothing is known of what fits")

  vim.api.nvim_create_user_command("MemlintEstimate", function()
    vim.lsp.buf_request(0, "workspace/executeCommand", {
      command = "keras-memlint.estimate",
      arguments = { vim.uri_from_bufnr(0), { targets = "t4" } },
    }, function(problem)
      vim.notify(problem and problem.message or "estimated")
    end)
  end, {})
  vim.cmd("MemlintEstimate")
  need(vim.wait(20000, function() return marked("KM501") end, 20), "the estimate is in the findings")
  vim.lsp.stop_client(id)
  need(vim.wait(20000, function()
    local client = vim.lsp.get_client_by_id(id)
    return client == nil or client.is_stopped()
  end, 20), "goodbye")
end

local fine, problem = pcall(run)
if not fine then
  io.stdout:write(tostring(problem) .. "\n")
end
vim.cmd(fine and "qall!" or "cquit 1")
