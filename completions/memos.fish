function _memos_completion;
    set -l response (env _MEMOS_COMPLETE=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -ct) memos 2>/dev/null);
    set -l option (string match -r -- '^--[^=]*=' (commandline -ct));

    for completion in $response;
        set -l metadata (string split -m 1 "," -- $completion);

        if test $metadata[1] = "dir";
            __fish_complete_directories $metadata[2] | string replace -r '^' -- "$option";
        else if test $metadata[1] = "file";
            __fish_complete_path $metadata[2] | string replace -r '^' -- "$option";
        else if test $metadata[1] = "plain";
            echo $metadata[2];
        end;
    end;
end;

complete --no-files --keep-order --command memos --arguments "(_memos_completion)";
