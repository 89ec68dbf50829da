using System.Runtime.InteropServices;
using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Session;
using AfsLike.Fuse.Supervision;

namespace AfsLike.Fuse.Adapter;

/// <summary>
/// Sends each request to the operation that answers it, and turns every failure into an errno. What comes back complete was
/// answered without waiting, without a state machine on the heap, and without leaving the reader's thread.
/// </summary>
internal sealed class Dispatcher(
    Operations operations, SharedPage page, WaitingCalls waiting, UpcallCounters counters, Action<string> log)
{
    /// <summary>Completes when the exchange holds its reply (or needs none). Never fails.</summary>
    public async ValueTask RunAsync(Exchange x)
    {
        counters.Count(x.Header.Opcode);
        x.Revocations = page.Revocations;
        try
        {
            await DispatchAsync(x);
        }
        catch (AfsException failure)
        {
            if (failure.Error is AfsError.Internal or AfsError.Corrupted)
            {
                log($"fuse: {x.Header.Opcode} of node {x.Header.Node}: {failure.Message}");
            }

            Fail(x, ErrnoTable.Of(failure.Error));
        }
        catch (OperationCanceledException)
        {
            Fail(x, Errno.Interrupted);
        }
        catch (UnauthorizedAccessException)
        {
            Fail(x, Errno.Access);
        }
        catch (IOException failure) when (failure.HResult is > 0 and < 134)
        {
            Fail(x, (Errno)failure.HResult); // of the local file behind a handle: .NET keeps its errno here
        }
        catch (Exception failure)
        {
            log($"fuse: {x.Header.Opcode} of node {x.Header.Node} failed by a defect: {failure}");
            Fail(x, Errno.InputOutput);
        }
    }

    /// <summary>Nobody got the reply: takes back the references and the handle that were in it.</summary>
    public void Undo(Exchange x)
    {
        foreach (var node in x.References)
        {
            operations.Names.Forget(node, 1);
        }

        x.References.Clear();
        x.Grants.Clear();
        if (x.Opened != 0)
        {
            var opened = x.Opened;
            x.Opened = 0;
            _ = AbandonAsync(opened);
        }
    }

    public void BeforeReply(Exchange x)
    {
        if (x.Grants.Count > 0)
        {
            operations.Grants.LookOnce(x);
        }
    }

    public void AfterReply(Exchange x)
    {
        operations.Files.Closed(x);
        if (x.Grants.Count > 0)
        {
            operations.Grants.LookAgain(x);
        }
    }

    private static bool HasNoReply(Opcode opcode) => opcode is Opcode.Forget or Opcode.BatchForget or Opcode.Interrupt;

    private void Fail(Exchange x, Errno error)
    {
        Undo(x);
        if (!HasNoReply(x.Header.Opcode))
        {
            x.Fail(error);
        }
    }

    private async Task AbandonAsync(ulong handle)
    {
        try
        {
            await operations.Files.AbandonAsync(handle);
        }
        catch (Exception failure)
        {
            log($"fuse: closing a handle nobody got failed: {failure.Message}");
        }
    }

    private ValueTask DispatchAsync(Exchange x)
    {
        var o = operations;
        switch (x.Header.Opcode)
        {
            case Opcode.Lookup: return o.Names.LookupAsync(x);
            case Opcode.GetAttributes: return o.Attributes.GetAsync(x);
            case Opcode.SetAttributes: return o.Attributes.SetAsync(x);
            case Opcode.ReadLink: return o.Attributes.ReadLinkAsync(x);
            case Opcode.Access: return o.Attributes.AccessAsync(x);
            case Opcode.StatFs: return o.Attributes.StatFsAsync(x);
            case Opcode.MakeNode: return o.Names.MakeNodeAsync(x);
            case Opcode.MakeDirectory: return o.Names.MakeDirectoryAsync(x);
            case Opcode.Symlink: return o.Names.SymlinkAsync(x);
            case Opcode.Link: return o.Names.LinkAsync(x);
            case Opcode.Unlink: return o.Names.UnlinkAsync(x);
            case Opcode.RemoveDirectory: return o.Names.RemoveDirectoryAsync(x);
            case Opcode.Rename: return o.Names.RenameAsync(x, withFlags: false);
            case Opcode.Rename2: return o.Names.RenameAsync(x, withFlags: true);
            case Opcode.Open: return o.Files.OpenAsync(x);
            case Opcode.Create: return o.Files.CreateAsync(x);
            case Opcode.TemporaryFile: return o.Files.CreateNamelessAsync(x);
            case Opcode.Read: return o.Files.ReadAsync(x);
            case Opcode.Write: return o.Files.WriteAsync(x);
            case Opcode.Flush: return o.Files.FlushAsync(x);
            case Opcode.Release: return o.Files.ReleaseAsync(x);
            case Opcode.Sync or Opcode.SyncDirectory when HandleTable.IsDirectory(x.Body.Take<SyncIn>().Handle):
                x.ReplyEmpty(); // a directory's changes were durable before they were answered
                break;
            case Opcode.Sync: return o.Files.SyncAsync(x);
            case Opcode.Allocate: return o.Files.AllocateAsync(x);
            case Opcode.Seek: return o.Files.SeekAsync(x);
            case Opcode.CopyFileRange: return o.Files.CopyAsync(x, wide: false);
            case Opcode.CopyFileRange64: return o.Files.CopyAsync(x, wide: true);
            case Opcode.OpenDirectory: return o.Directories.OpenAsync(x);
            case Opcode.ReadDirectory: return o.Directories.ReadAsync(x, withEntries: false);
            case Opcode.ReadDirectoryPlus: return o.Directories.ReadAsync(x, withEntries: true);
            case Opcode.GetXattr: return o.Xattrs.GetAsync(x);
            case Opcode.ListXattr: return o.Xattrs.ListAsync(x);
            case Opcode.SetXattr: return o.Xattrs.SetAsync(x);
            case Opcode.RemoveXattr: return o.Xattrs.RemoveAsync(x);
            case Opcode.TestLock: return o.Locks.TestAsync(x);
            case Opcode.SetLock: return o.Locks.SetAsync(x, wait: false);
            case Opcode.SetLockWait: return o.Locks.SetAsync(x, wait: true);
            case Opcode.Forget:
                o.Names.Forget(x);
                break;
            case Opcode.BatchForget:
                o.Names.BatchForget(x);
                break;
            case Opcode.ReleaseDirectory:
                o.Directories.Release(x);
                break;
            case Opcode.Interrupt:
                Interrupt(x);
                break;
            case Opcode.Init:
                o.Initialize(x);
                break;
            case Opcode.Destroy:
                x.ReplyEmpty();
                break;
            case Opcode.Ioctl:
                x.Fail(Errno.NotTerminal);
                break;
            default:
                x.Fail(Errno.NotImplemented); // the kernel then does without, and does not ask again
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Again makes the kernel say it once more, as long as the request is not answered: between its arrival and its start to
    /// wait it is in no table.
    /// </summary>
    private void Interrupt(Exchange x)
    {
        if (!waiting.Interrupt(x.Body.Take<InterruptIn>().Unique))
        {
            x.Fail(Errno.Again);
        }
    }
}
