#!/bin/sh
# stage NAME: the worker of a stage. It takes its model from /models where it lies there, and then asks no hub; and where
# GPUS names a folder that all workers of a machine share, it takes a GPU that none of them has.
set -eu
case ${1:-} in
    sdxl_base) place=sdxl_base variable=LATENTRELAY_SDXL_BASE_MODEL ;;
    sdxl_refiner) place=sdxl_refiner variable=LATENTRELAY_SDXL_REFINER_MODEL ;;
    unclip_variation) place=unclip variable=LATENTRELAY_UNCLIP_MODEL ;;
    *) echo "usage: stage sdxl_base|sdxl_refiner|unclip_variation" >&2; exit 64 ;;
esac

if [ -d "/models/$place" ] && ! printenv "$variable" > /dev/null; then
    export HF_HUB_OFFLINE=1 "$variable=/models/$place"
fi

take_gpu() {
    gpus=$(nvidia-smi --query-gpu=uuid --format=csv,noheader) && [ -n "$gpus" ] || {
        echo "stage: nvidia-smi shows no GPU to this container; it takes NVIDIA's container toolkit to" >&2
        exit 69
    }
    for gpu in $gpus; do
        exec 9> "$GPUS/$gpu"  # held until the last process of this worker has ended
        if flock --nonblock 9; then
            export CUDA_VISIBLE_DEVICES="$gpu"
            return
        fi
    done
    echo "stage: each GPU of this machine has its worker; scale to as many as there are" >&2
    exit 69
}

if [ -n "${GPUS:-}" ]; then take_gpu; fi

exec celery -A "services.$1.worker" worker
